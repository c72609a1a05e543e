#!/usr/bin/env node
// Listens to all that happens between you and a companion, as a GraphQL subscription, and misses nothing.
//
//     node watch.mjs --name ann       # the password comes from $WAIFU_PASSWORD

import { parseArgs } from 'node:util';
import { gql } from 'graphql-request';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { ATTEMPTS, Api, find, GivingUp, pauseBefore, tell } from './api.mjs';

const RELATIONSHIP = gql`
  subscription ($waifuId: ID!, $after: PlaceInput) {
    relationship(waifuId: $waifuId, after: $after) {
      __typename
      ... on Ready { epoch seq resumed relationship { stage affection } }
      ... on TurnDone { epoch seq status message { text } }
      ... on RelationshipUpdated { epoch seq affection interaction { affectionChange reasons { effect text } } }
      ... on MessageAccepted { epoch seq } ... on TurnStarted { epoch seq } ... on TurnChosen { epoch seq }
      ... on TurnVoided { epoch seq } ... on EventChanged { epoch seq occurrence { title state } }
    }
  }
`;

function show(frame) {
  switch (frame.__typename) {
    case 'Ready':
      tell(`${frame.resumed ? 'going on' : 'listening'}: ${frame.relationship.stage}, affection ${frame.relationship.affection}`);
      break;
    case 'TurnDone':
      console.log(`${frame.status}: ${frame.message?.text ?? ''}`);
      break;
    case 'RelationshipUpdated':
      console.log(`  affection ${frame.affection} (${frame.interaction.affectionChange})`);
      for (const { effect, text } of frame.interaction.reasons) console.log(`    ${effect} ${text}`);
      break;
    case 'EventChanged':
      console.log(`  ${frame.occurrence.state}: ${frame.occurrence.title}`);
      break;
    default:
  }
}

async function watch(api, waifuId) {
  let isTokenOld = false;
  const client = createClient({
    url: `${api.url.replace(/^http/, 'ws')}/graphql/ws`,
    webSocketImpl: WebSocket,
    // Asked for at every connection.
    connectionParams: async () => {
      if (isTokenOld) await api.refresh(api.accessToken);
      isTokenOld = false;
      return { access_token: api.accessToken };
    },
    retryAttempts: ATTEMPTS,
    // Also when there is nobody to connect to, for which there is no close code.
    shouldRetry: () => true,
    retryWait: (attempt) => new Promise((resolve) => { setTimeout(resolve, pauseBefore(attempt)); }),
    // 4403 is how `connection_init` is refused: the token may have grown old.
    on: { closed: (event) => { isTokenOld = event.code === 4403 || event.code === 4401; } },
  });
  // The client sends these again with every connection, so that it goes on where it was.
  const variables = { waifuId, after: null };
  for (;;) {
    try {
      for await (const { data, errors } of client.iterate({ query: RELATIONSHIP, variables })) {
        if (errors) throw new GivingUp(errors[0].message);
        const { epoch, seq } = data.relationship;
        if (seq) variables.after = epoch ? { epoch, seq } : { epoch: null, seq: '0' };
        show(data.relationship);
      }
      return;
    } catch (error) {
      // The library takes 4401 for the end, and it is only the token's.
      if (error.code !== 4401) throw error;
    }
  }
}

try {
  const options = { url: { type: 'string', default: 'http://127.0.0.1:8080' }, name: { type: 'string' }, companion: { type: 'string' } };
  const { url, name, companion } = parseArgs({ options }).values;
  const password = process.env.WAIFU_PASSWORD;
  if (!name || !password) throw new GivingUp('it takes --name, and the password in WAIFU_PASSWORD');
  const api = new Api(url);
  await api.signUpOrIn(name, password);
  await watch(api, (await find(api, companion)).id);
} catch (error) {
  console.error(`error: ${error.reason || error.message || error[0]?.message}`);
  process.exit(1);
}

// Says one thing by the subscription `chat`, and tells each frame as a line of JSON.
//
//     node say.mjs URL NAME COMPANION CLIENT_MESSAGE_ID TEXT

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { Api, find } from './api.mjs';

const [url, name, companion, clientMessageId, text] = process.argv.slice(2);
const api = new Api(url);
await api.signUpOrIn(name, process.env.WAIFU_PASSWORD);
const { id: waifuId } = await find(api, companion);
const client = createClient({
  url: `${url.replace(/^http/, 'ws')}/graphql/ws`,
  webSocketImpl: WebSocket,
  connectionParams: () => ({ access_token: api.accessToken }),
  retryAttempts: 20,
  shouldRetry: () => true,
  retryWait: () => new Promise((resolve) => { setTimeout(resolve, 100); }),
});
const query = `subscription ($waifuId: ID!, $text: String!, $clientMessageId: ID!) {
  chat(waifuId: $waifuId, text: $text, clientMessageId: $clientMessageId) {
    __typename
    ... on MessageAccepted { turnId duplicate }
    ... on TurnDelta { text }
    ... on TurnSnapshot { text }
    ... on TurnDone { status message { text } }
  }
}`;
for await (const { data, errors } of client.iterate({ query, variables: { waifuId, text, clientMessageId } })) {
  console.log(JSON.stringify(errors ?? data.chat));
}
await client.dispose();

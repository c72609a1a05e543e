#!/usr/bin/env node
// A chat with a companion that survives a cut connection, an old token and a server that starts again.
//
//     node chat.mjs --name ann        # signs up, or in; the password is asked for, or comes from $WAIFU_PASSWORD
//
// What you type is said to her; /gift gives her the gift that she would like best, and the end of the input is goodbye.

import { randomUUID } from 'node:crypto';
import readline from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gql } from 'graphql-request';
import WebSocket from 'ws';
import { ATTEMPTS, Api, GivingUp, LONGEST_WAIT_MS, Problem, REPLY_WITHIN_MS, find, pauseBefore, tell } from './api.mjs';

// After one of these, coming back would only end in the same way; all others are worth another attempt.
const FINAL_CLOSE_CODES = new Set([1002, 1007, 1009, 4400, 4403, 4404, 4409, 4410]);
const print = (text) => process.stdout.write(text);

/** One socket at a time, and what has to outlive it. */
class Chat {
  socket = null;
  // Where we are: the number of the last durable frame, counted in an epoch.
  place = null;
  wasReady = false;
  pauseMs = 0;
  // Messages without an end yet, by the id that makes it safe to send them again.
  unanswered = new Map();
  // Her words in the turn that she speaks in, those of them that are on the screen, and what is told after it.
  turn = null;
  words = '';
  isSpeaking = false;
  shown = '';
  ended = new Set();
  news = [];

  constructor(api, waifu) {
    Object.assign(this, { api, waifu });
  }

  /** Opens a socket, and another one whenever it is lost, until there is no point in that. */
  async keepOpen() {
    for (let attempt = 1; ; attempt++) {
      const token = this.api.accessToken;
      [this.wasReady, this.pauseMs] = [false, 0];
      const { code, reason, status } = await this.listen(token);
      const why = reason || (status ? `the server answers ${status}` : 'the connection broke');
      const isRefused = status >= 400 && status < 500 && status !== 429;
      if (FINAL_CLOSE_CODES.has(code) || isRefused) throw new GivingUp(`the server closed the chat: ${code} ${why}`);
      if (this.wasReady) attempt = 1;
      if (attempt > ATTEMPTS) throw new GivingUp(`no way back to the server: ${why}`);
      if (code === 4401) await this.api.refresh(token);
      const pause = Math.max(this.pauseMs, pauseBefore(attempt));
      tell(`${why}; back in ${(pause / 1000).toFixed(1)} s`);
      await sleep(pause);
    }
  }

  /** One socket to its end. As a browser would have to do it: the token is in the first frame, not in a header. */
  listen(token) {
    const url = `${this.api.url.replace(/^http/, 'ws')}/ws/agents/${this.waifu.id}/chat`;
    const socket = new WebSocket(url, 'waifu.chat.v1', { handshakeTimeout: 10_000 });
    let [status, silence] = [undefined, undefined];
    const isAlive = (afterMs) => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), afterMs);
    };
    let patience = 30_000;
    socket.on('open', () => {
      isAlive(patience);
      // Two who have never met have no epoch. If they have by now, all is told again and known by its number.
      const resume = this.place && (this.place.epoch ? this.place : { epoch: null, seq: 0 });
      send(socket, { type: 'auth', access_token: token, ...(resume && { resume }) });
    });
    socket.on('message', (data) => {
      const frame = JSON.parse(data);
      // The server says something at least so often; otherwise the connection is dead and does not say so.
      if (frame.type === 'ready') patience = frame.heartbeat_ms + 15_000;
      isAlive(patience);
      this.hear(socket, frame);
    });
    socket.on('unexpected-response', (_, response) => {
      status = response.statusCode;
      socket.terminate();
    });
    socket.on('error', () => {}); // `close` comes next
    return new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        clearTimeout(silence);
        this.socket = null;
        resolve({ code, reason: reason.toString(), status });
      });
    });
  }

  hear(socket, frame) {
    // Her words begin, also when this was heard before: on this socket all of them follow.
    if (frame.type === 'turn.started') [this.words, this.isSpeaking] = ['', !this.ended.has(nameOf(frame))];
    if (frame.seq !== undefined && frame.type !== 'ready') {
      if (frame.seq <= this.place.seq) return;
      this.place.seq = frame.seq;
    }
    switch (frame.type) {
      case 'ready':
        this.start(socket, frame);
        break;
      case 'ping':
        send(socket, { type: 'pong' });
        break;
      case 'message.accepted': {
        const message = this.unanswered.get(frame.client_message_id);
        if (message) message.turnId = frame.turn_id;
        break;
      }
      case 'turn.delta':
        this.show(frame, this.words + frame.text);
        break;
      case 'turn.snapshot':
        this.show(frame, frame.text);
        break;
      case 'turn.done':
        this.end(frame);
        break;
      case 'relationship.updated': {
        const { affection_change: change, reasons } = frame.interaction;
        this.add(`  affection ${frame.affection} (${signed(change)}), ${frame.stage}\n`);
        for (const { effect, text } of reasons) this.add(`    ${signed(effect)} ${text}\n`);
        break;
      }
      case 'event.opened':
        this.add(`  ${frame.occurrence.title}\n`);
        break;
      case 'reconnect':
        this.pauseMs = frame.after_ms + Math.random() * frame.jitter_ms;
        break;
      case 'error':
        this.refused(frame);
        break;
      default: // none of our business, now or in a later version
    }
  }

  start(socket, ready) {
    const isFirst = this.place === null;
    if (!ready.resumed) this.isSpeaking = false;
    [this.wasReady, this.socket] = [true, socket];
    this.place = { epoch: ready.epoch, seq: ready.resumed ? this.place.seq : ready.seq };
    if (isFirst) {
      const { stage, affection } = ready.relationship;
      tell(`${this.waifu.name}: ${stage}, affection ${affection}`);
    } else if (!ready.resumed) {
      this.recall().catch((error) => tell(error.message));
    }
    if (ready.active) this.show(ready.active, ready.active.text);
    // The same id is the same message: if it was accepted before, we are told what became of it.
    for (const id of this.unanswered.keys()) this.post(id);
  }

  async recall() {
    tell('that was too long for the server to remember; the last words:');
    const { messages } = await this.api.graphql(gql`
      query ($id: ID!) { messages(waifuId: $id, first: 10) { edges { node { role text } } } }
    `, { id: this.waifu.id });
    for (const { node } of messages.edges.reverse()) tell(`${node.role}: ${node.text}`);
  }

  /** A line of its own: at once, or when she has ended. */
  add(line) {
    this.news.push(line);
    if (!this.isSpeaking) this.tellNews();
  }

  tellNews() {
    print(this.news.splice(0).join(''));
  }

  /** Her words so far: prints those that are not yet on the screen. */
  show(frame, text) {
    const turn = nameOf(frame);
    if (this.ended.has(turn)) return;
    [this.words, this.isSpeaking] = [text, true];
    if (turn === this.turn && this.shown.startsWith(text)) return;
    if (turn !== this.turn || !text.startsWith(this.shown)) {
      print(`${this.waifu.name}: `);
      [this.turn, this.shown] = [turn, ''];
    }
    print(text.slice(this.shown.length));
    this.shown = text;
  }

  end(done) {
    const turn = nameOf(done);
    if (!this.ended.has(turn)) {
      if (done.message) this.show(done, done.message.text);
      this.ended.add(turn);
      this.isSpeaking = false;
      print(done.status === 'completed' ? '\n' : ` [${done.status}: ${done.reason}]\n`);
      this.tellNews();
    }
    for (const [id, message] of this.unanswered) {
      if (message.turnId === done.turn_id) {
        this.unanswered.delete(id);
        message.resolve(done);
      }
    }
  }

  refused(error) {
    const message = this.unanswered.get(error.ref);
    if (!message) {
      this.pauseMs = error.retry_after_ms ?? 0;
      tell(error.message);
    } else if (error.retryable && (error.retry_after_ms ?? 0) <= LONGEST_WAIT_MS) {
      // Such as `turn_in_progress`: she is still answering something else.
      setTimeout(() => this.post(error.ref), Math.max(error.retry_after_ms ?? 0, 500));
    } else {
      this.unanswered.delete(error.ref);
      message.reject(new Problem(error.code, error.message));
    }
  }

  /** Sends a message, if there is a socket; whoever opens the next one sends it again. */
  post(id) {
    const message = this.unanswered.get(id);
    if (message && this.socket) {
      send(this.socket, { type: 'message.send', client_message_id: id, text: message.text });
    }
  }

  async say(text) {
    const id = randomUUID();
    const end = new Promise((resolve, reject) => this.unanswered.set(id, { text, resolve, reject }));
    this.post(id);
    const done = await within(REPLY_WITHIN_MS, end);
    if (done?.status === 'failed') {
      // Her model's provider failed, not the message: it is kept, and she is asked for another answer to it.
      await sleep(done.retry_after_ms ?? 1000);
      await this.api.mutate(gql`
        mutation ($input: RegenerateInput!) { regenerate(input: $input) { errors { code message retryAfterMs } } }
      `, 'regenerate', { waifuId: this.waifu.id, turnId: done.turn_id, idempotencyKey: randomUUID() });
    }
  }

  /** The gift that she would like best. What it moves and what she says to it comes over the socket. */
  async give() {
    let best = null;
    const gifts = this.api.nodes(gql`
      query ($id: ID!, $after: String) {
        gifts(waifuId: $id, first: 100, after: $after) {
          edges { node { id name wouldEarn { affectionChange } } } pageInfo { hasNextPage endCursor }
        }
      }
    `, 'gifts', { id: this.waifu.id });
    for await (const gift of gifts) {
      const earns = gift.wouldEarn?.affectionChange;
      if (earns !== undefined && earns > (best?.wouldEarn.affectionChange ?? -Infinity)) best = gift;
    }
    if (!best) return tell('there is nothing that she would take');
    print(`you give her: ${best.name}\n`);
    // However often it has to be asked for, under one key it is given once.
    const { turn } = await this.api.mutate(gql`
      mutation ($input: GiveGiftInput!) { giveGift(input: $input) { turn { id run } errors { code message retryAfterMs } } }
    `, 'giveGift', { waifuId: this.waifu.id, giftId: best.id, idempotencyKey: randomUUID() });
    // Her words may be on their way over the socket yet.
    for (let i = 0; turn && i < 100 && !this.ended.has(`${turn.id} ${turn.run}`); i++) await sleep(100);
  }

  /** An access token is good for some minutes: a minute before its end the socket is told the next one. */
  async keepSignedIn() {
    for (;;) {
      await sleep(Math.max(5_000, this.api.lifetimeMs - 60_000));
      await this.api.refresh(this.api.accessToken);
      if (this.socket) send(this.socket, { type: 'auth.refresh', access_token: this.api.accessToken });
    }
  }
}

const nameOf = (frame) => `${frame.turn_id} ${frame.run}`;
const signed = (points) => (points < 0 ? `${points}` : `+${points}`);
const send = (socket, frame) => socket.send(JSON.stringify(frame), () => {}); // who can't be told is about to close

async function within(ms, promise) {
  const late = new AbortController();
  const timeout = sleep(ms, undefined, { signal: late.signal }).then(
    () => tell('there is still no answer; your message is kept'),
    () => {},
  );
  return Promise.race([promise, timeout]).finally(() => late.abort());
}

async function talk(chat, typed) {
  for await (const line of typed) {
    try {
      if (line.trim() === '/gift') await chat.give();
      else if (line.trim()) await chat.say(line.trim());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      tell(`${error.code}: ${error.message}`);
    }
  }
}

try {
  const options = { url: { type: 'string', default: 'http://127.0.0.1:8080' }, name: { type: 'string' }, companion: { type: 'string' } };
  const { url, name, companion } = parseArgs({ options }).values;
  if (!name) throw new GivingUp('--name is missing: yours, 3 to 32 of a-z, 0-9, _ and -');
  const typed = readline.createInterface({ input: process.stdin });
  const lines = typed[Symbol.asyncIterator]();
  const password = process.env.WAIFU_PASSWORD ?? (print('password: '), (await lines.next()).value);
  const api = new Api(url);
  await api.signUpOrIn(name, password);
  const chat = new Chat(api, await find(api, companion));
  await Promise.race([talk(chat, { [Symbol.asyncIterator]: () => lines }), chat.keepOpen(), chat.keepSignedIn()]);
  process.exit(0);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

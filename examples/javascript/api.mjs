// Who we are, and one request after another until it is answered.

import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, GraphQLClient, gql } from 'graphql-request';

// So often something is tried that may work later; the pauses grow to half a minute.
export const ATTEMPTS = 10;
// A reply, with all attempts at it, takes at most three minutes.
export const REPLY_WITHIN_MS = 240_000;
// What may work only after that, such as a budget that lasts till midnight, nobody waits for.
export const LONGEST_WAIT_MS = 60_000;

/** What the server answers when it does not do something: `code` is stable, the message is for people. */
export class Problem extends Error {
  constructor(code, message, { status, retryAfterMs } = {}) {
    super(message);
    Object.assign(this, { code, status, retryAfterMs });
  }
}

/** What no other attempt will mend. */
export class GivingUp extends Error {}

/** What is about the chat, and not of it. */
export const tell = (text) => console.error(`(${text})`);

/** Longer each time, and another for each client, so that not all come back at once. */
export const pauseBefore = (attempt) => Math.min(30_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);

export class Api {
  #refreshToken;
  #refreshing;

  constructor(url) {
    this.url = url.replace(/\/$/, '');
    const headers = () => ({ authorization: `Bearer ${this.accessToken}` });
    this.client = new GraphQLClient(`${this.url}/graphql`, { headers });
  }

  async signUpOrIn(username, password) {
    const account = { username, password };
    try {
      this.#keep(await this.#post('/auth/register', account));
    } catch (error) {
      if (error.code !== 'name_taken') throw error;
      this.#keep(await this.#post('/auth/login', account));
    }
  }

  #keep(tokens) {
    this.accessToken = tokens.access_token;
    this.#refreshToken = tokens.refresh_token;
    this.lifetimeMs = tokens.expires_in * 1000;
  }

  /** Buys the next pair of tokens, once, however many find that the old one is of no use any more. */
  refresh(old) {
    if (this.accessToken !== old) return this.#refreshing;
    this.#refreshing ??= persist(
      () => this.#post('/auth/refresh', { refresh_token: this.#refreshToken }),
    ).then((tokens) => this.#keep(tokens)).finally(() => { this.#refreshing = undefined; });
    return this.#refreshing;
  }

  async #post(path, body) {
    const response = await answered(fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REPLY_WITHIN_MS),
    }));
    // What stands between us and the server may answer as it likes.
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw new Problem(answer.code, answer.detail ?? `the server answers ${response.status}`, {
      status: response.status, retryAfterMs: answer.retry_after_ms,
    });
  }

  /** One operation, which can be sent again when there was no answer and does not do something twice. */
  async graphql(document, variables = {}) {
    return persist(() => this.#ask(document, variables));
  }

  /** The payload of a mutation whose `input` makes it safe to send again. Its errors have `code message retryAfterMs`. */
  async mutate(document, field, input) {
    return persist(async () => {
      const { [field]: payload } = await this.#ask(document, { input });
      const [error] = payload.errors;
      if (error) throw new Problem(error.code, error.message, { retryAfterMs: error.retryAfterMs ?? undefined });
      return payload;
    });
  }

  async #ask(document, variables) {
    const token = this.accessToken;
    const request = () => {
      const signal = AbortSignal.timeout(REPLY_WITHIN_MS);
      return answered(this.client.request({ document, variables, signal }));
    };
    try {
      return await request();
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.refresh(token);
      return request();
    }
  }

  /** All nodes of a connection: `field` of a query that takes `$after`. */
  async * nodes(document, field, variables = {}) {
    let after = null;
    do {
      const { [field]: page } = await this.graphql(document, { ...variables, after });
      for (const { node } of page.edges) yield node;
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
  }
}

/** A companion by her name; the first of the list unless told. */
export async function find(api, name) {
  const waifus = api.nodes(gql`
    query ($after: String) {
      waifus(first: 100, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } }
    }
  `, 'waifus');
  for await (const waifu of waifus) if (!name || waifu.name === name) return waifu;
  throw new GivingUp('there is no such companion');
}

/** Tries until it is done, or there is no point in it. */
async function persist(attemptIt) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptIt();
    } catch (error) {
      const mayWorkSoon = error instanceof Problem ? error.retryAfterMs <= LONGEST_WAIT_MS : error.isNoAnswer;
      if (!mayWorkSoon || attempt >= ATTEMPTS) throw error;
      await sleep(Math.max(error.retryAfterMs ?? 0, pauseBefore(attempt)));
    }
  }
}

/** The answer, or what went wrong in our own words. */
async function answered(answer) {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ClientError)) {
      throw Object.assign(new GivingUp(`there is no answer: ${error.cause?.message ?? error.message}`), {
        isNoAnswer: true,
      });
    }
    const { status, errors } = error.response;
    const { code, retry_after_ms: retryAfterMs } = errors?.[0]?.extensions ?? {};
    throw new Problem(code, errors?.[0]?.message ?? `the server answers ${status}`, { status, retryAfterMs });
  }
}

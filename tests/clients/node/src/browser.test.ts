// What a browser asks before it lets a page speak gRPC-Web with the node, with the headers that the client really sends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

import { Devnet, URL } from './devnet.js';

const PAGE = 'https://wallet.example';

/** Headers of the answer to a preflight of a page. */
async function preflight(origin: string, path: string, headers: string[]): Promise<Headers> {
  const answer = await fetch(`${URL}/nakamoto.v1.${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headers.join(','),
    },
  });
  assert(answer.ok, String(answer.status));
  return answer.headers;
}

const list = (text: string | null) => (text ?? '').split(',').map(name => name.trim().toLowerCase());

describe('a browser', () => {
  test('lets a page of any origin read, submit and follow', async () => {
    const sent = new Set<string>();
    const answered = new Map<string, Headers>();
    const watch: Interceptor = next => async request => {
      request.header.forEach((_, name) => sent.add(name.toLowerCase()));
      request.header.set('origin', PAGE);
      const response = await next(request);
      answered.set(request.method.name, response.header);
      return response;
    };
    const devnet = new Devnet(createGrpcWebTransport({ baseUrl: URL, interceptors: [watch] }));
    await devnet.blocks.getTip({}, { timeoutMs: 60_000 });
    const stream = devnet.frames({ filter: { all: true } });
    assert.equal((await stream.next()).value?.body.case, 'started');
    await stream.return(undefined);

    assert(sent.has('content-type') && sent.has('x-grpc-web') && sent.has('grpc-timeout'), [...sent].join());
    for (const path of ['BlockService/GetTip', 'TransactionService/SubmitTransaction', 'EventService/Subscribe']) {
      const headers = await preflight(PAGE, path, [...sent]);
      assert.equal(headers.get('access-control-allow-origin'), PAGE);
      assert(list(headers.get('access-control-allow-methods')).includes('post'));
      const allowed = list(headers.get('access-control-allow-headers'));
      assert.deepEqual([...sent].filter(name => !allowed.includes(name)), []);
    }
    for (const [method, headers] of answered) {
      assert.equal(headers.get('access-control-allow-origin'), PAGE, method);
      assert(list(headers.get('access-control-expose-headers')).includes('grpc-status'), method);
    }
    assert.deepEqual([...answered.keys()], ['GetTip', 'Subscribe']);
  });

  test('lets pages of this machine alone change the mocks', async () => {
    for (const path of ['AdminService/MineBlocks', 'TemplateService/RequestTemplate']) {
      const names = ['content-type', 'x-grpc-web'];
      assert.equal((await preflight(PAGE, path, names)).get('access-control-allow-origin'), null, path);
      const local = 'http://localhost:3000';
      assert.equal((await preflight(local, path, names)).get('access-control-allow-origin'), local, path);
    }
  });
});

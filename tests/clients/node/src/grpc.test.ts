// A TypeScript client against a running devnet, over gRPC, over gRPC-Web and Connect with the clients that browsers use. The code
// that it speaks with was generated from `proto/` for this run.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import { type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import { bytesToHex } from '@noble/hashes/utils.js';
import { Cl, makeContractCall, makeContractDeploy, makeSTXTokenTransfer } from '@stacks/transactions';

import { Devnet, account, keyOf, overGrpc, reasonOf, URL } from './devnet.js';
import { PushOutcome } from './gen/nakamoto/v1/block_pb.js';
import { JobState, RejectReason } from './gen/nakamoto/v1/common_pb.js';
import { type Event, EventSchema, TransactionStatus } from './gen/nakamoto/v1/event_pb.js';
import { ChunkRefusal, StackerDbChunkSchema } from './gen/nakamoto/v1/stackerdb_pb.js';
import { RequestTemplateRequestSchema } from './gen/nakamoto/v1/template_pb.js';
import { Block, hash, signChunk, u32 } from './signing.js';

const COUNTER = `
(define-data-var counter uint u0)
(define-map added principal uint)
(define-read-only (get-counter) (var-get counter))
(define-public (add (amount uint))
  (begin
    (var-set counter (+ (var-get counter) amount))
    (map-set added tx-sender amount)
    (ok (var-get counter))))
`;
const EARLIEST = { position: { case: 'earliest', value: true } } as const;
const RECIPIENT = account('wallet_2').address;
const clarity = (value: Parameters<typeof Cl.serialize>[0]) => Buffer.from(Cl.serialize(value), 'hex');

function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(bytesToHex(actual), bytesToHex(expected));
}

async function failure(call: Promise<unknown>): Promise<[Code, string | undefined]> {
  try {
    await call;
  } catch (error) {
    assert(error instanceof ConnectError, String(error));
    return [error.code, reasonOf(error)];
  }
  throw new Error('the call did not fail');
}

/** Time that the process has to end by itself once all tests have: an abort that a library loses leaves a stream open. */
const LINGER_MS = 5000;

/** The tests, each over the transport that is given. */
function client(name: string, connect: () => Transport, walletName: string, isLast = false): void {
  const devnet = new Devnet(connect());
  const wallet = account(walletName);

  /** Submits a transfer of the wallet; its bytes. */
  async function transfer(amount: bigint, memo = ''): Promise<Uint8Array> {
    const nonce = await devnet.nonce(wallet.address);
    return devnet.submit(
      await makeSTXTokenTransfer({
        recipient: RECIPIENT,
        amount,
        memo,
        nonce,
        fee: 500n,
        senderKey: wallet.private_key,
        network: 'testnet',
      }),
    );
  }

  async function template(request: MessageInitShape<typeof RequestTemplateRequestSchema>) {
    const { templateId } = await devnet.templates.requestTemplate(request);
    return devnet.templates.getTemplate({ templateId, wait: { seconds: 30n } });
  }

  async function verdict(block: Uint8Array) {
    const { validationId } = await devnet.validations.requestValidation({ block });
    const found = await devnet.validations.getValidation({ validationId, wait: { seconds: 30n } });
    assert.equal(found.state, JobState.SUCCEEDED, found.failureReason);
    return found.verdict!;
  }

  const tipBlock = () => devnet.blocks.getBlock({ block: { case: 'tip', value: true } });

  describe(name, () => {
    if (isLast) after(() => void setTimeout(() => process.exit(), LINGER_MS).unref());

    test('a transaction is mined and moves the money', async () => {
      const raw = await transfer(1234n, 'from typescript');
      const [block, receipt] = await devnet.minedRaw(raw, wallet.address);
      assert.equal(receipt.status, TransactionStatus.SUCCESS);
      assert.equal(receipt.feeUstx, 500n);
      sameBytes(receipt.transaction, raw);
      const moved = receipt.events[0].body;
      assert(moved.case === 'stxTransfer');
      assert.deepEqual([moved.value.sender, moved.value.recipient], [wallet.address, RECIPIENT]);
      assert.equal(BigInt(`0x${bytesToHex(moved.value.amountUstx)}`), 1234n);
      const found = await devnet.transactions.getTransaction({ txid: receipt.txid });
      sameBytes(found.transaction, raw);
      sameBytes(found.block!.blockId, block.blockId);
    });

    test('the feed goes on where the dropped stream was', async () => {
      const got: Event[] = [];
      const frames: bigint[] = [];
      let cursor: Uint8Array = new Uint8Array();
      let next = 0n;
      // A connection of its own, which ends with the stream.
      const first = new Devnet(connect());
      for await (const frame of first.frames({ filter: { all: true }, start: EARLIEST, maxBatch: 3 })) {
        frames.push(frame.frame);
        cursor = frame.cursor;
        if (frame.body.case === 'started') next = frame.body.value.startSequence;
        if (frame.body.case === 'events') got.push(...frame.body.value.events);
        if (got.length >= 10) break;
      }
      assert.deepEqual(frames, frames.map((_, index) => BigInt(index + 1)));

      // What happens while nobody listens.
      const raw = await transfer(1n);
      const [block] = await devnet.minedRaw(raw, wallet.address);

      for await (const event of devnet.follow({ all: true }, { position: { case: 'afterCursor', value: cursor } })) {
        got.push(event);
        if (event.body.case === 'blockProcessed' && event.body.value.block?.chainLength === block.chainLength) break;
      }
      assert.deepEqual(got.map(event => event.sequence), got.map((_, index) => next + BigInt(index)));

      const listed: Event[] = [];
      let start: { position: { case: 'earliest'; value: true } | { case: 'afterCursor'; value: Uint8Array } } = EARLIEST;
      while (listed.length < got.length) {
        const page = await devnet.events.listEvents({ filter: { all: true }, start, pageSize: 50 });
        listed.push(...page.events);
        start = { position: { case: 'afterCursor', value: page.nextCursor } };
      }
      got.forEach((event, index) => sameBytes(toBinary(EventSchema, event), toBinary(EventSchema, listed[index])));
    });

    test('a failed call carries a reason that programs can read', async () => {
      const started = devnet.frames({ filter: {} }).next();
      assert.deepEqual(await failure(started), [Code.InvalidArgument, 'FILTER_EMPTY']);
      const unknown = devnet.blocks.getBlock({ block: { case: 'blockId', value: new Uint8Array(32) } });
      assert.deepEqual(await failure(unknown), [Code.NotFound, 'UNKNOWN_BLOCK']);
    });

    test('a template is finished here, found valid, and becomes the tip', async () => {
      await devnet.whileManual(async () => {
        const raw = await transfer(7n);
        const view = await devnet.producerView();
        assert(view.elected && !view.newTenure);
        const outcome = await template({
          parentBlockId: view.tip!.blockId,
          burnBlockHash: view.burnTip!.burnBlockHash,
        });
        assert.equal(outcome.state, JobState.SUCCEEDED, outcome.failureReason);
        const block = new Block(outcome.template!.block);
        sameBytes(block.transactions, Buffer.concat([u32(1), raw]));

        // The same bytes without a signature are no block of this producer.
        const unsigned = await verdict(block.encode());
        assert.deepEqual([unsigned.valid, unsigned.rejection?.reason], [false, RejectReason.BAD_PRODUCER]);

        // The proof is over the burn view alone: the tenure's blocks share it.
        block.vrfProof = (await tipBlock()).header!.vrfProof;
        block.signProducer(keyOf(view.burnTip!.electedProducer));
        const signed = await verdict(block.encode());
        assert(signed.valid, signed.rejection?.detail);
        sameBytes(signed.blockHash, block.blockHash());
        sameBytes(signed.blockId, block.blockId());

        view.stackers.forEach(stacker => block.addStacker(keyOf(stacker.address)));
        const pushed = await devnet.blocks.pushBlock({ block: block.encode() });
        assert.equal(pushed.outcome, PushOutcome.ACCEPTED, pushed.rejection?.detail);
        const [processed] = await devnet.minedRaw(raw, wallet.address);
        sameBytes(processed.blockId, block.blockId());
        sameBytes((await tipBlock()).block, block.encode());
      });
    });

    test('proposals next to the canonical chain get their reasons', async () => {
      await devnet.whileManual(async () => {
        const child = await tipBlock();
        const proposal = new Block(child.block);
        assert(proposal.stackerSignatures.length >= 3);
        proposal.stackerSignatures = [];
        const again = await verdict(proposal.encode());
        assert(again.valid, again.rejection?.detail);
        sameBytes(again.blockId, child.ref!.blockId);

        // Another block on the same parent: same transactions, another state root.
        proposal.unproved[proposal.unproved.length - 1] ^= 1;
        proposal.signProducer(keyOf((await devnet.producerView()).burnTip!.electedProducer));
        const sibling = await verdict(proposal.encode());
        assert.deepEqual([sibling.valid, sibling.rejection?.reason], [false, RejectReason.HAS_SIBLING]);
      });
    });

    test('a StackerDB slot takes its owner\'s chunk alone', async () => {
      await devnet.whileManual(async () => {
        const { contractIds } = await devnet.stackerdb.listStackerDbs({});
        const contractId = contractIds.find(id => id.endsWith('.signers'))!;
        const { address, slotId } = (await devnet.producerView()).stackers[2];
        const { slots } = await devnet.stackerdb.listSlots({ contractId });
        assert.equal(slots[slotId].signer, address);
        const slotVersion = slots[slotId].slotVersion + 1;

        const put = async (privateKey: string, text: string) => {
          const data = Buffer.from(text);
          const signature = signChunk(privateKey, slotId, slotVersion, data);
          return devnet.stackerdb.putChunk({ contractId, chunk: { slotId, slotVersion, signature, data } });
        };
        assert.equal((await put(wallet.private_key, 'not mine')).refusal, ChunkRefusal.BAD_SIGNER);
        const accepted = await put(keyOf(address), 'put by typescript');
        assert(accepted.accepted, accepted.detail);
        sameBytes(accepted.metadata!.dataHash, hash(Buffer.from('put by typescript')));
        assert.equal((await put(keyOf(address), 'too late')).refusal, ChunkRefusal.DATA_ALREADY_EXISTS);

        const { chunk } = await devnet.stackerdb.getChunk({ contractId, slotId });
        assert.equal(Buffer.from(chunk!.data).toString(), 'put by typescript');
        const filter = { terms: [{ stackerdbContracts: [contractId] }] };
        const snapshot: string[] = [];
        for await (const { body } of devnet.frames({ filter, includeSnapshot: true })) {
          if (body.case === 'snapshot') {
            snapshot.push(...body.value.chunks.map(chunk => bytesToHex(toBinary(StackerDbChunkSchema, chunk))));
          }
          if (body.case === 'snapshotComplete') break;
        }
        assert(snapshot.includes(bytesToHex(toBinary(StackerDbChunkSchema, chunk!))));
      });
      // The signer whose slot it is goes on behind the foreign version.
      assert.equal((await devnet.admin.mineBlocks({})).missing, 0);
    });

    test('a contract is deployed, called and read at both blocks', async () => {
      const contractName = `counter-${name.toLowerCase()}`;
      const contractId = `${wallet.address}.${contractName}`;
      const by = { senderKey: wallet.private_key, network: 'testnet', fee: 10_000n } as const;
      let nonce = await devnet.nonce(wallet.address);
      const deploy = await makeContractDeploy({ contractName, codeBody: COUNTER, nonce, ...by });
      const [deployed] = await devnet.minedRaw(await devnet.submit(deploy), wallet.address);
      nonce = await devnet.nonce(wallet.address);
      const [contractAddress, functionName, functionArgs] = [wallet.address, 'add', [Cl.uint(5)]];
      const call = await makeContractCall({ contractAddress, contractName, functionName, functionArgs, nonce, ...by });
      const [called, receipt] = await devnet.minedRaw(await devnet.submit(call), wallet.address);
      sameBytes(receipt.result, clarity(Cl.ok(Cl.uint(5))));

      const source = await devnet.accounts.getContractSource({ contractId });
      assert.deepEqual([source.source, BigInt(source.publishHeight)], [COUNTER, deployed.chainLength]);
      const { interfaceJson } = await devnet.accounts.getContractInterface({ contractId });
      assert(JSON.parse(interfaceJson).functions.some((one: { name: string }) => one.name === 'get-counter'));
      const key = clarity(Cl.principal(wallet.address));
      for (const [{ blockId }, count, entry] of [
        [deployed, 0, Cl.none()],
        [called, 5, Cl.some(Cl.uint(5))],
      ] as const) {
        const at = { contractId, blockId };
        sameBytes((await devnet.accounts.getDataVar({ name: 'counter', ...at })).value, clarity(Cl.uint(count)));
        sameBytes((await devnet.accounts.getMapEntry({ name: 'added', key, ...at })).value, clarity(entry));
        const read = { functionName: 'get-counter', sender: wallet.address, ...at };
        sameBytes((await devnet.accounts.callReadOnly(read)).result, clarity(Cl.uint(count)));
      }
    });
  });
}

client('gRPC', overGrpc, 'wallet_4');
client('gRPC-Web', () => createGrpcWebTransport({ baseUrl: URL }), 'wallet_5');
client('Connect-JSON', () => createConnectTransport({ baseUrl: URL }), 'wallet_4');
client('Connect-bytes', () => createConnectTransport({ baseUrl: URL, useBinaryFormat: true }), 'wallet_5', true);

// The devnet that `run.sh` started: its accounts and keys, clients of its services, and waiting for what it tells.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type Client, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { deserializeTransaction, type StacksTransactionWire } from '@stacks/transactions';

import { AccountService } from './gen/nakamoto/v1/account_pb.js';
import { AdminService } from './gen/nakamoto/v1/admin_pb.js';
import { BlockService } from './gen/nakamoto/v1/block_pb.js';
import { type BlockRef, MiningMode } from './gen/nakamoto/v1/common_pb.js';
import {
  type Event,
  EventFilterSchema,
  EventKind,
  EventService,
  StartPositionSchema,
  SubscribeRequestSchema,
  type SubscribeResponse,
  type TransactionReceipt,
} from './gen/nakamoto/v1/event_pb.js';
import { NodeService } from './gen/nakamoto/v1/node_pb.js';
import { StackerDbService } from './gen/nakamoto/v1/stackerdb_pb.js';
import { TemplateService } from './gen/nakamoto/v1/template_pb.js';
import { TransactionService } from './gen/nakamoto/v1/transaction_pb.js';
import { ValidationService } from './gen/nakamoto/v1/validation_pb.js';

export interface Account {
  address: string;
  private_key: string;
}

const given = JSON.parse(readFileSync(process.env.ACCOUNTS!, 'utf8'));
const participants = JSON.parse(readFileSync(join(given.data_dir, 'devnet.json'), 'utf8'));

export const URL: string = given.http_url;

export function account(name: string): Account {
  return given.accounts.find((account: { name: string }) => account.name === name);
}

/** The private key of a producer or signer of the devnet. */
export function keyOf(address: string): string {
  const all: Account[] = [...participants.producers, ...participants.signers];
  return all.find(other => other.address === address)!.private_key;
}

const INFO_TYPE = 'google.rpc.ErrorInfo';

/** The `reason`, the first field, of the ErrorInfo that a failed call carries. */
export function reasonOf(error: unknown): string | undefined {
  assert(error instanceof ConnectError, String(error));
  for (const detail of error.details) {
    if ('type' in detail && detail.type === INFO_TYPE) {
      const reader = new BinaryReader(detail.value);
      const [field] = reader.tag();
      return field === 1 ? reader.string() : undefined;
    }
  }
  return undefined;
}

/** Milliseconds until a stream is given up. Long: the machine may have other things to do. */
const DEADLINE = 110_000;

/** Clients of all services over one transport. */
export class Devnet {
  readonly accounts: Client<typeof AccountService>;
  readonly admin: Client<typeof AdminService>;
  readonly blocks: Client<typeof BlockService>;
  readonly events: Client<typeof EventService>;
  readonly node: Client<typeof NodeService>;
  readonly stackerdb: Client<typeof StackerDbService>;
  readonly templates: Client<typeof TemplateService>;
  readonly transactions: Client<typeof TransactionService>;
  readonly validations: Client<typeof ValidationService>;

  constructor(transport: Transport) {
    this.accounts = createClient(AccountService, transport);
    this.admin = createClient(AdminService, transport);
    this.blocks = createClient(BlockService, transport);
    this.events = createClient(EventService, transport);
    this.node = createClient(NodeService, transport);
    this.stackerdb = createClient(StackerDbService, transport);
    this.templates = createClient(TemplateService, transport);
    this.transactions = createClient(TransactionService, transport);
    this.validations = createClient(ValidationService, transport);
  }

  /** Next nonce of an account. */
  async nonce(principal: string): Promise<bigint> {
    return (await this.accounts.getAccount({ principal })).nonce;
  }

  /** Submits a signed transaction; its bytes. */
  async submit(transaction: StacksTransactionWire): Promise<Uint8Array> {
    const raw = transaction.serializeBytes();
    const answer = await this.transactions.submitTransaction({ transaction: raw });
    assert(answer.accepted, answer.refusalReason);
    assert.equal(Buffer.from(answer.txid).toString('hex'), transaction.txid());
    return raw;
  }

  /** Frames of the feed, for as long as the caller takes them; then the stream is cancelled. */
  async *frames(request: MessageInitShape<typeof SubscribeRequestSchema>): AsyncGenerator<SubscribeResponse> {
    // Not `AbortSignal.any`: what it gives may be collected, and then the abort reaches nobody and the stream stays open.
    const caller = new AbortController();
    const deadline = setTimeout(() => caller.abort(new Error('the events do not come in time')), DEADLINE);
    try {
      yield* this.events.subscribe(request, { signal: caller.signal });
    } finally {
      clearTimeout(deadline);
      caller.abort();
    }
  }

  /** Events from a position on, for as long as the caller takes them. */
  async *follow(
    filter: MessageInitShape<typeof EventFilterSchema>,
    start: MessageInitShape<typeof StartPositionSchema>,
  ): AsyncGenerator<Event> {
    const request = { filter: create(EventFilterSchema, filter), start: create(StartPositionSchema, start) };
    for await (const frame of this.frames(request)) {
      if (frame.body.case === 'events') yield* frame.body.value.events;
    }
  }

  /** Waits until a block with this transaction is processed: the block, and the transaction's receipt. */
  async mined(txid: string, sender: string): Promise<[BlockRef, TransactionReceipt]> {
    const terms = [{ kinds: [EventKind.BLOCK_PROCESSED], addresses: [sender] }];
    for await (const event of this.follow({ terms }, { position: { case: 'earliest', value: true } })) {
      assert.equal(event.body.case, 'blockProcessed');
      const { block, receipts } = event.body.value;
      const receipt = receipts.find(receipt => Buffer.from(receipt.txid).toString('hex') === txid);
      if (receipt) return [block!, receipt];
    }
    throw new Error('the stream ended');
  }

  async minedRaw(raw: Uint8Array, sender: string): Promise<[BlockRef, TransactionReceipt]> {
    return this.mined(deserializeTransaction(raw).txid(), sender);
  }

  producerView() {
    return this.templates.getProducerView({ producerAddress: participants.producers[0].address });
  }

  /** Runs `work` while the devnet's own producer rests, except when it is asked. */
  async whileManual(work: () => Promise<void>): Promise<void> {
    try {
      await this.admin.setMiningMode({ mode: MiningMode.MANUAL });
      // A block may have been under way; when the one that is asked for is there, that one is too.
      assert.equal((await this.admin.mineBlocks({})).missing, 0);
      await work();
    } finally {
      await this.admin.setMiningMode({ mode: MiningMode.MIXED });
    }
  }
}

export function overGrpc(): Transport {
  return createGrpcTransport({ baseUrl: URL });
}

// @stacks/stacking against the mocked PoX contract that `/v2/pox` names: what it reads, and what stacking answers.

import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { describe, test } from 'node:test';

import { privateKeyToPublic } from '@stacks/transactions';
import { createNetwork } from '@stacks/network';
import { Pox4SignatureTopic, StackingClient } from '@stacks/stacking';

import { account, URL } from './devnet.js';

const network = createNetwork({ network: 'testnet', client: { baseUrl: URL } });
const stacker = account('wallet_6');
const client = new StackingClient({ address: stacker.address, network });
// Any testnet address will do: nobody is paid.
const poxAddress = 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx';

describe('stacking', () => {
  test('the contract in force exists and says what /v2/pox says', async () => {
    const pox = await client.getPoxInfo();
    const [address, name] = pox.contract_id.split('.');
    assert.equal((await fetch(`${URL}/v2/contracts/interface/${address}/${name}`)).status, 200);
    const info = await client.getPoxOperationInfo(pox);
    assert.equal(info.current.contract_id, pox.contract_id);
    assert.equal(pox.first_burnchain_block_height, 200);
    assert.equal(await client.hasMinimumStx(), true);
  });

  test('nobody stacks and nobody has delegated', async () => {
    assert.deepEqual(await client.getStatus(), { stacked: false });
    assert.deepEqual(await client.getDelegationStatus(), { delegated: false });
    const { contract_id, reward_cycle_id } = await client.getPoxInfo();
    const set = await client.getRewardSet({ contractId: contract_id, rewardCyleId: reward_cycle_id, rewardSetIndex: 0 });
    assert.equal(set, undefined);
    const can = await client.canStack({ poxAddress, cycles: 1 });
    assert.deepEqual(can, { eligible: false, reason: 'ERR_STACKING_UNREACHABLE' });
  });

  test("a signer's signature is checked for real", async () => {
    const { reward_cycle_id } = await client.getPoxInfo();
    const what = { topic: Pox4SignatureTopic.StackStx, poxAddress, rewardCycle: reward_cycle_id, period: 1, authId: 7 };
    const signature = client.signPoxSignature({ ...what, signerPrivateKey: stacker.private_key, maxAmount: 100 });
    const signerKey = privateKeyToPublic(stacker.private_key) as string;
    const verified = (authId: number) =>
      client.verifySignerKeySignature({
        ...what,
        authId,
        signerSignature: signature,
        signerKey,
        amount: 50,
        maxAmount: 100,
      });
    assert.equal(await verified(7), true);
    assert.equal(await verified(8), false);
  });

  test('stacking is mined with the documented error, and nothing is locked', async () => {
    const { current_burnchain_block_height } = await client.getPoxInfo();
    const sent = await client.stack({
      privateKey: stacker.private_key,
      amountMicroStx: 100_000_000_000,
      cycles: 1,
      poxAddress,
      burnBlockHeight: current_burnchain_block_height!,
      signerKey: privateKeyToPublic(stacker.private_key) as string,
      maxAmount: 100_000_000_000,
      authId: 1,
    });
    assert(!('error' in sent), JSON.stringify(sent));
    let mined = await fetch(`${URL}/v3/transaction/${sent.txid}`);
    for (let tries = 0; mined.status !== 200 && tries < 200; tries++) {
      await setTimeout(50);
      mined = await fetch(`${URL}/v3/transaction/${sent.txid}`);
    }
    assert.equal(((await mined.json()) as { result: string }).result, '(err 255)');
    assert.equal(await client.getAccountBalanceLocked(), 0n);
  });
});

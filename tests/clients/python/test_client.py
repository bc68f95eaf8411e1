"""A Python client against a running devnet. The code that it speaks with was generated from `proto/` for this run."""

import sys
import unittest

import grpc
from google.protobuf import duration_pb2

import devnet
import stacks
from devnet import ACCOUNTS, ADDRESSES, PRODUCERS, SIGNERS, VRF_KEYS
from nakamoto.v1 import account_pb2, admin_pb2, block_pb2, common_pb2, event_pb2, event_pb2_grpc, node_pb2
from nakamoto.v1 import stackerdb_pb2, template_pb2, transaction_pb2, validation_pb2

COUNTER = """
(define-data-var counter uint u0)
(define-map added principal uint)
(define-read-only (get-counter) (var-get counter))
(define-public (add (amount uint))
  (begin
    (var-set counter (+ (var-get counter) amount))
    (map-set added tx-sender amount)
    (ok (var-get counter))))
"""
EVERYTHING = event_pb2.EventFilter(all=True)


def template(**request):
    """Requests a template and waits for the outcome."""
    answer = devnet.templates.RequestTemplate(template_pb2.RequestTemplateRequest(**request))
    wait = duration_pb2.Duration(seconds=30)
    return devnet.templates.GetTemplate(template_pb2.GetTemplateRequest(template_id=answer.template_id, wait=wait))


def verdict(raw):
    """Has a proposal validated and waits for the verdict."""
    answer = devnet.validations.RequestValidation(validation_pb2.RequestValidationRequest(block=raw))
    wait = duration_pb2.Duration(seconds=30)
    request = validation_pb2.GetValidationRequest(validation_id=answer.validation_id, wait=wait)
    found = devnet.validations.GetValidation(request)
    assert found.state == common_pb2.JOB_STATE_SUCCEEDED, found
    return found.verdict


def tip_block():
    return devnet.blocks.GetBlock(block_pb2.GetBlockRequest(tip=True))


class Client(unittest.TestCase):
    def test_own_keys_have_the_addresses_that_the_devnet_says(self):
        self.assertEqual({name: key.address for name, key in ACCOUNTS.items()}, ADDRESSES)
        self.assertEqual([key.address for key in SIGNERS.values()], list(SIGNERS))
        info = devnet.node.GetServiceInfo(node_pb2.GetServiceInfoRequest())
        self.assertEqual((info.chain_id, info.network), (stacks.TESTNET_CHAIN_ID, "testnet"))

    def test_a_transaction_signed_here_is_mined_and_moves_the_money(self):
        sender, recipient = ACCOUNTS["wallet_1"], ADDRESSES["wallet_2"]
        raw = devnet.submit(sender, stacks.transfer_payload(recipient, 1234, b"from python"), fee=500)
        block, receipt = devnet.mined(raw, sender)
        self.assertEqual(receipt.status, event_pb2.TRANSACTION_STATUS_SUCCESS)
        self.assertEqual((receipt.transaction, receipt.fee_ustx), (raw, 500))
        moved = receipt.events[0].stx_transfer
        self.assertEqual((moved.sender, moved.recipient), (sender.address, recipient))
        self.assertEqual((moved.amount_ustx, moved.memo.rstrip(b"\0")), (stacks.uint(1234, 16), b"from python"))

        parent = devnet.blocks.GetBlock(block_pb2.GetBlockRequest(block_id=block.block_id)).header.parent_block_id

        def balance(at):
            request = account_pb2.GetAccountRequest(principal=sender.address, block_id=at)
            return int.from_bytes(devnet.accounts.GetAccount(request).balance_ustx, "big")

        self.assertEqual(balance(parent) - balance(block.block_id), 1234 + 500)
        found = devnet.transactions.GetTransaction(transaction_pb2.GetTransactionRequest(txid=stacks.txid(raw)))
        self.assertEqual((found.transaction, found.block, found.is_canonical), (raw, block, True))

    def test_a_refused_transaction_says_why_as_data(self):
        sender = ACCOUNTS["wallet_1"]
        payload = stacks.transfer_payload(ADDRESSES["wallet_2"], 1)

        def refusal(raw):
            request = transaction_pb2.SubmitTransactionRequest(transaction=raw)
            answer = devnet.transactions.SubmitTransaction(request)
            self.assertFalse(answer.accepted)
            return answer.refusal_reason

        self.assertEqual(refusal(stacks.transaction(sender, 1000, 500, payload)), "TooMuchChaining")
        self.assertEqual(refusal(stacks.transaction(sender, 0, 0, payload)), "FeeTooLow")
        forged = bytearray(stacks.transaction(sender, 0, 500, payload))
        forged[-1] ^= 1
        self.assertEqual(refusal(bytes(forged)), "SignatureValidation")
        self.assertEqual(refusal(b"no transaction"), "Deserialization")

    def test_the_feed_goes_on_where_the_dropped_stream_was(self):
        request = event_pb2.SubscribeRequest(filter=EVERYTHING, max_batch=3)
        request.start.earliest = True
        connection = devnet.connect()
        stream = event_pb2_grpc.EventServiceStub(connection).Subscribe(request, timeout=devnet.DEADLINE)
        first = next(stream)
        self.assertEqual(first.WhichOneof("body"), "started")
        got, frames, cursor = [], [first.frame], first.cursor
        while len(got) < 10:
            frame = next(stream)
            got.extend(frame.events.events)
            frames.append(frame.frame)
            cursor = frame.cursor
        connection.close()
        self.assertEqual(frames, list(range(1, len(frames) + 1)))

        # What happens while nobody listens.
        sender = ACCOUNTS["wallet_1"]
        raw = devnet.submit(sender, stacks.transfer_payload(ADDRESSES["wallet_2"], 1))
        block, _ = devnet.mined(raw, sender)

        for event in devnet.follow(EVERYTHING, event_pb2.StartPosition(after_cursor=cursor)):
            got.append(event)
            if event.block_processed.block == block:
                break
        begin = first.started.start_sequence
        self.assertEqual([event.sequence for event in got], list(range(begin, begin + len(got))))

        listed, page = [], event_pb2.ListEventsRequest(filter=EVERYTHING, page_size=50)
        while len(listed) < len(got):
            answer = devnet.events.ListEvents(page)
            listed.extend(answer.events)
            page.start.after_cursor = answer.next_cursor
        self.assertEqual(listed[: len(got)], got)

    def test_a_failed_call_carries_a_reason_that_programs_can_read(self):
        def refused(**request):
            with self.assertRaises(grpc.RpcError) as caught:
                next(devnet.events.Subscribe(event_pb2.SubscribeRequest(**request)))
            return caught.exception.code(), devnet.reason(caught.exception)

        invalid = grpc.StatusCode.INVALID_ARGUMENT
        self.assertEqual(refused(filter=event_pb2.EventFilter()), (invalid, "FILTER_EMPTY"))
        garbage = event_pb2.StartPosition(after_cursor=b"garbage")
        self.assertEqual(refused(filter=EVERYTHING, start=garbage), (invalid, "FIELD_INVALID"))
        with self.assertRaises(grpc.RpcError) as caught:
            devnet.blocks.GetBlock(block_pb2.GetBlockRequest(block_id=bytes(32)))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.assertEqual(devnet.reason(caught.exception), "UNKNOWN_BLOCK")

    def test_a_template_is_finished_here_found_valid_and_becomes_the_tip(self):
        sender = ACCOUNTS["wallet_3"]
        with devnet.manual_mining():
            raw = devnet.submit(sender, stacks.transfer_payload(ADDRESSES["wallet_2"], 7))
            view = devnet.producer_view()
            self.assertTrue(view.elected)
            self.assertFalse(view.new_tenure)
            outcome = template(parent_block_id=view.tip.block_id, burn_block_hash=view.burn_tip.burn_block_hash)
            self.assertEqual(outcome.state, common_pb2.JOB_STATE_SUCCEEDED, outcome)
            block = stacks.Block(outcome.template.block)
            self.assertEqual(block.transactions, stacks.uint(1, 4) + raw)

            # The same bytes without a signature are no block of this producer.
            unsigned = verdict(block.encode())
            self.assertFalse(unsigned.valid)
            self.assertEqual(unsigned.rejection.reason, common_pb2.REJECT_REASON_BAD_PRODUCER)

            # The proof is over the burn view alone: the tenure's blocks share it.
            block.vrf_proof = VRF_KEYS[view.burn_tip.elected_producer].prove(outcome.template.sortition_hash)
            self.assertEqual(block.vrf_proof, tip_block().header.vrf_proof)
            block.sign_producer(PRODUCERS[view.burn_tip.elected_producer])
            signed = verdict(block.encode())
            self.assertTrue(signed.valid, signed)
            self.assertEqual((signed.block_hash, signed.block_id), (block.block_hash(), block.block_id()))

            for stacker in view.stackers:
                block.add_stacker(SIGNERS[stacker.address])
            pushed = devnet.blocks.PushBlock(block_pb2.PushBlockRequest(block=block.encode()))
            self.assertEqual(pushed.outcome, block_pb2.PUSH_OUTCOME_ACCEPTED, pushed)
            processed, receipt = devnet.mined(raw, sender)
            self.assertEqual(processed.block_id, block.block_id())
            self.assertEqual(receipt.status, event_pb2.TRANSACTION_STATUS_SUCCESS)
            self.assertEqual(tip_block().block, block.encode())

        term = event_pb2.EventTerm(request_id=outcome.template.template_id)
        page = event_pb2.ListEventsRequest(filter=event_pb2.EventFilter(terms=[term]))
        (event,) = devnet.events.ListEvents(page).events
        self.assertEqual(event.template_finished.transaction_count, 1)
        self.assertEqual(event.template_finished.parent_block_id, view.tip.block_id)

    def test_a_tenures_first_template_begins_with_the_coinbase_signed_here(self):
        with devnet.manual_mining():
            devnet.admin.MineBurnBlocks(admin_pb2.MineBurnBlocksRequest())
            view = devnet.producer_view()
            self.assertTrue(view.new_tenure)
            bare = template(allow_empty=True)
            self.assertEqual((bare.state, bare.failure_reason), (common_pb2.JOB_STATE_FAILED, "BAD_COINBASE"))

            key = PRODUCERS[view.burn_tip.elected_producer]
            coinbase = stacks.transaction(key, view.nonce, 0, stacks.coinbase_payload(), anchor_mode=1)
            outcome = template(coinbase=coinbase, max_transactions=1)
            self.assertEqual(outcome.state, common_pb2.JOB_STATE_SUCCEEDED, outcome)
            self.assertTrue(outcome.template.new_tenure)
            block = stacks.Block(outcome.template.block)
            self.assertEqual(block.transactions, stacks.uint(1, 4) + coinbase)

            # Signed, but without the proof of the new burn view.
            block.sign_producer(key)
            self.assertEqual(verdict(block.encode()).rejection.reason, common_pb2.REJECT_REASON_BAD_VRF_PROOF)

            # With it the tenure begins here.
            block.vrf_proof = VRF_KEYS[key.address].prove(outcome.template.sortition_hash)
            block.sign_producer(key)
            signed = verdict(block.encode())
            self.assertTrue(signed.valid, signed)

    def test_proposals_next_to_the_canonical_chain_get_their_reasons(self):
        with devnet.manual_mining():
            child = tip_block()
            proposal = stacks.Block(child.block)
            self.assertEqual(proposal.block_id(), child.ref.block_id)
            self.assertGreaterEqual(len(proposal.stacker_signatures), 3)
            proposal.stacker_signatures = []
            again = verdict(proposal.encode())
            self.assertEqual(again.block_id, child.ref.block_id)
            self.assertTrue(again.valid, again)

            # Another block on the same parent: same transactions, another state root.
            proposal.unproved = proposal.unproved[:-1] + bytes([proposal.unproved[-1] ^ 1])
            proposal.sign_producer(PRODUCERS[devnet.producer_view().burn_tip.elected_producer])
            sibling = verdict(proposal.encode())
            self.assertFalse(sibling.valid)
            self.assertEqual(sibling.rejection.reason, common_pb2.REJECT_REASON_HAS_SIBLING)

    def test_a_stackerdb_slot_takes_its_owners_chunk_alone(self):
        def put(key, version, data):
            signature = stacks.chunk_signature(key, slot, version, data)
            chunk = stackerdb_pb2.StackerDbChunk(slot_id=slot, slot_version=version, signature=signature, data=data)
            return devnet.stackerdb.PutChunk(stackerdb_pb2.PutChunkRequest(contract_id=contract, chunk=chunk)), chunk

        with devnet.manual_mining():
            instances = devnet.stackerdb.ListStackerDbs(stackerdb_pb2.ListStackerDbsRequest()).contract_ids
            (contract,) = [name for name in instances if name.endswith(".signers")]
            stacker = devnet.producer_view().stackers[1]
            slot, owner = stacker.slot_id, SIGNERS[stacker.address]
            slots = devnet.stackerdb.ListSlots(stackerdb_pb2.ListSlotsRequest(contract_id=contract)).slots
            self.assertEqual(slots[slot].signer, owner.address)
            version = slots[slot].slot_version + 1

            stranger, _ = put(ACCOUNTS["wallet_1"], version, b"not mine")
            self.assertEqual(stranger.refusal, stackerdb_pb2.CHUNK_REFUSAL_BAD_SIGNER)
            self.assertEqual(stranger.metadata, slots[slot])
            accepted, chunk = put(owner, version, b"put by python")
            self.assertTrue(accepted.accepted, accepted)
            self.assertEqual(accepted.metadata.data_hash, stacks.sha512_256(b"put by python"))
            stale, _ = put(owner, version, b"too late")
            self.assertEqual(stale.refusal, stackerdb_pb2.CHUNK_REFUSAL_DATA_ALREADY_EXISTS)

            request = stackerdb_pb2.GetChunkRequest(contract_id=contract, slot_id=slot)
            self.assertEqual(devnet.stackerdb.GetChunk(request).chunk, chunk)
            term = event_pb2.EventTerm(stackerdb_contracts=[contract])
            request = event_pb2.SubscribeRequest(filter=event_pb2.EventFilter(terms=[term]), include_snapshot=True)
            snapshot = []
            for frame in devnet.events.Subscribe(request):
                snapshot.extend(frame.snapshot.chunks)
                if frame.HasField("snapshot_complete"):
                    break
            self.assertIn(chunk, snapshot)
        # The signer whose slot it is goes on behind the foreign version.
        self.assertEqual(devnet.admin.MineBlocks(admin_pb2.MineBlocksRequest()).missing, 0)

    def test_a_contract_is_deployed_called_and_read_at_both_blocks(self):
        owner = ACCOUNTS["wallet_1"]
        contract = f"{owner.address}.counter-py"
        raw = devnet.submit(owner, stacks.contract_payload("counter-py", COUNTER), fee=10_000)
        deployed, receipt = devnet.mined(raw, owner)
        self.assertEqual(receipt.status, event_pb2.TRANSACTION_STATUS_SUCCESS, receipt)
        raw = devnet.submit(owner, stacks.call_payload(contract, "add", [stacks.clarity_uint(5)]))
        called, receipt = devnet.mined(raw, owner)
        self.assertEqual(receipt.result, stacks.clarity_ok(stacks.clarity_uint(5)))

        source = devnet.accounts.GetContractSource(account_pb2.GetContractSourceRequest(contract_id=contract))
        self.assertEqual((source.source, source.publish_height), (COUNTER, deployed.chain_length))
        interface = account_pb2.GetContractInterfaceRequest(contract_id=contract)
        self.assertIn('"get-counter"', devnet.accounts.GetContractInterface(interface).interface_json)
        key = b"\x05" + stacks.principal_bytes(owner.address)
        for block, count, entry in [
            (deployed, 0, stacks.CLARITY_NONE),
            (called, 5, stacks.clarity_some(stacks.clarity_uint(5))),
        ]:
            at = {"contract_id": contract, "block_id": block.block_id}
            variable = devnet.accounts.GetDataVar(account_pb2.GetDataVarRequest(name="counter", **at))
            self.assertEqual(variable.value, stacks.clarity_uint(count))
            found = devnet.accounts.GetMapEntry(account_pb2.GetMapEntryRequest(name="added", key=key, **at))
            self.assertEqual(found.value, entry)
            call = account_pb2.CallReadOnlyRequest(function_name="get-counter", sender=owner.address, **at)
            answer = devnet.accounts.CallReadOnly(call)
            self.assertEqual((answer.okay, answer.result), (True, stacks.clarity_uint(count)))

        # At the tip, a function that writes is refused, and an unknown one named.
        for function, arguments, cause in [("add", [stacks.clarity_uint(1)], "NotReadOnly"), ("no-such", [], "no-such")]:
            call = account_pb2.CallReadOnlyRequest(
                contract_id=contract, function_name=function, sender=owner.address, arguments=arguments
            )
            answer = devnet.accounts.CallReadOnly(call)
            self.assertFalse(answer.okay)
            self.assertIn(cause, answer.cause)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"python: {result.testsRun - failed} passed, {failed} failed")
    sys.exit(0 if result.wasSuccessful() else 1)

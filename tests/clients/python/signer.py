"""A signer, by docs/ACTORS.md alone. `python signer.py HOST:PORT DATA_FOLDER`, with the key in the environment."""

import os
import sys

import actor
import stacks
from nakamoto.v1 import block_pb2, common_pb2, event_pb2, stackerdb_pb2, validation_pb2

KINDS = [event_pb2.EVENT_KIND_BURN_BLOCK, event_pb2.EVENT_KIND_TIP_CHANGED, event_pb2.EVENT_KIND_VALIDATION]


class Signer:
    def __init__(self, node, folder):
        self.node = node
        self.record = actor.Record(folder)
        self.key = stacks.Key(os.environ["MOCKAMOTO_PRIVATE_KEY"])
        self.slot = None
        self.asked = {}

    def run(self):
        for event in self.node.events(KINDS, [actor.PRODUCERS]):
            kind = event.WhichOneof("body")
            if kind == "stackerdb_chunks":
                for chunk in event.stackerdb_chunks.chunks:
                    self.on_proposal(chunk.data)
            elif kind == "validation_finished":
                done = event.validation_finished
                self.on_verdict(done.validation_id, done.state, done.verdict)

    def on_proposal(self, data):
        if data[:2] != b"\x01\x01":
            return
        block = stacks.Block(data[6:])
        tip = self.node.blocks.GetTip(block_pb2.GetTipRequest())
        if (block.parent_block_id(), block.burn_block_hash()) != (tip.tip.block_id, tip.burn_tip.burn_block_hash):
            return
        answer = self.node.validations.RequestValidation(validation_pb2.RequestValidationRequest(block=data[6:]))
        self.asked[answer.validation_id] = block
        if answer.joined:
            # It may have ended before, and its event may have gone by.
            request = validation_pb2.GetValidationRequest(validation_id=answer.validation_id)
            done = self.node.validations.GetValidation(request)
            self.on_verdict(answer.validation_id, done.state, done.verdict)

    def on_verdict(self, validation_id, state, verdict):
        if state == common_pb2.JOB_STATE_PENDING:
            return
        block = self.asked.pop(validation_id, None)
        if not block or state != common_pb2.JOB_STATE_SUCCEEDED:
            return
        block_hash = block.block_hash()
        if not verdict.valid:
            text = verdict.rejection.detail.encode()[:1024]
            code = stacks.uint(verdict.rejection.reason, 4)
            return self.put(b"\x01\x03" + block_hash + code + stacks.uint(len(text), 4) + text)
        # Never two blocks with one parent, also after a restart.
        if self.record.claim(block.parent_block_id().hex(), block_hash.hex()):
            self.put(b"\x01\x02" + block_hash + self.key.sign(block_hash))
            print("signed", block.chain_length(), flush=True)

    def put(self, data):
        if not self.slot:
            slots = self.node.stackerdb.ListSlots(stackerdb_pb2.ListSlotsRequest(contract_id=actor.SIGNERS)).slots
            (own,) = [slot.slot_id for slot in slots if slot.signer == self.key.address]
            self.slot = actor.Slot(self.node, self.key, actor.SIGNERS, own)
        self.slot.put(data)


if __name__ == "__main__":
    Signer(actor.Node(sys.argv[1]), sys.argv[2]).run()

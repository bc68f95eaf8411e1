"""A block producer, by docs/ACTORS.md alone. `python producer.py HOST:PORT DATA_FOLDER`, with the keys in the environment.

It builds a block when a tenure begins or a transaction waits, and lives until it is killed.
"""

import os
import sys

from google.protobuf import duration_pb2

import actor
import stacks
import vrf
from nakamoto.v1 import block_pb2, common_pb2, event_pb2, template_pb2

KINDS = [event_pb2.EVENT_KIND_BURN_BLOCK, event_pb2.EVENT_KIND_TIP_CHANGED, event_pb2.EVENT_KIND_TEMPLATE]
KINDS.append(event_pb2.EVENT_KIND_MEMPOOL_ACCEPTED)


class Producer:
    def __init__(self, node, folder):
        self.node = node
        self.record = actor.Record(folder)
        self.key = stacks.Key(os.environ["MOCKAMOTO_PRIVATE_KEY"])
        self.vrf_key = vrf.VrfKey(bytes.fromhex(os.environ["MOCKAMOTO_VRF_PRIVATE_KEY"]))
        self.slot = None
        self.view = None
        self.template_id = None
        self.block = None
        self.signatures = {}

    def run(self):
        self.look()
        for event in self.node.events(KINDS, [actor.SIGNERS]):
            kind = event.WhichOneof("body")
            if kind == "template_finished" and event.template_finished.template_id == self.template_id:
                self.on_template()
            elif kind == "stackerdb_chunks":
                for chunk in event.stackerdb_chunks.chunks:
                    self.on_answer(chunk.data)
            elif kind in ("burn_block", "tip_changed", "mempool_accepted"):
                self.look()

    def look(self):
        """Asks for a template when this producer is elected and there is something to build."""
        request = template_pb2.GetProducerViewRequest(producer_address=self.key.address)
        view = self.node.templates.GetProducerView(request)
        place = (view.tip.block_id, view.burn_tip.burn_block_hash)
        known = self.view and (self.view.tip.block_id, self.view.burn_tip.burn_block_hash)
        if place == known and (self.template_id or self.block):
            return
        self.view, self.template_id, self.block = view, None, None
        if not view.elected or not (view.new_tenure or view.mempool_count):
            return
        request = template_pb2.RequestTemplateRequest(
            parent_block_id=view.tip.block_id,
            burn_block_hash=view.burn_tip.burn_block_hash,
            assembly_time=duration_pb2.Duration(seconds=2),
        )
        if view.new_tenure:
            request.coinbase = stacks.transaction(self.key, view.nonce, 0, stacks.coinbase_payload(), anchor_mode=1)
        self.template_id = self.node.templates.RequestTemplate(request).template_id

    def on_template(self):
        answer = self.node.templates.GetTemplate(template_pb2.GetTemplateRequest(template_id=self.template_id))
        self.template_id = None
        if answer.state != common_pb2.JOB_STATE_SUCCEEDED:
            return
        block = stacks.Block(answer.template.block)
        if block.parent_block_id() != self.view.tip.block_id:
            return
        block.vrf_proof = self.vrf_key.prove(answer.template.sortition_hash)
        block.sign_producer(self.key)
        # Never two blocks at one height of one tenure, also after a restart.
        place = f"{block.burn_block_hash().hex()} {block.chain_length()}"
        if not self.record.claim(place, block.block_hash().hex()):
            return
        self.block, self.signatures = block, {}
        self.slot = self.slot or actor.Slot(self.node, self.key, actor.PRODUCERS, self.view.producer_slot_id)
        raw = block.encode()
        self.slot.put(b"\x01\x01" + stacks.uint(len(raw), 4) + raw)

    def on_answer(self, data):
        """Counts a signature; with 70 % of the weight the block is pushed."""
        if not self.block or data[:2] != b"\x01\x02" or data[2:34] != self.block.block_hash():
            return
        signer = stacks.recovered(data[34:99], data[2:34])
        self.signatures[signer] = data[34:99]
        hashes = [stacks.principal_bytes(stacker.address)[1:] for stacker in self.view.stackers]
        weights = [stacker.weight for stacker in self.view.stackers]
        weight = sum(weight for address, weight in zip(hashes, weights) if address in self.signatures)
        if 10 * weight < 7 * sum(weights):
            return
        self.block.stacker_signatures = [self.signatures[address] for address in hashes if address in self.signatures]
        answer = self.node.blocks.PushBlock(block_pb2.PushBlockRequest(block=self.block.encode()))
        print("pushed", self.block.chain_length(), block_pb2.PushOutcome.Name(answer.outcome), flush=True)
        self.block = None


if __name__ == "__main__":
    Producer(actor.Node(sys.argv[1]), sys.argv[2]).run()

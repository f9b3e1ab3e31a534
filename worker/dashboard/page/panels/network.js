import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, Amount, BlockLink, Card, Facts, Figure, Loaded, Table, Tag, Time } from "../lib/ui.js";
import { BLOCK_EVENTS, BLOCK_EXTRINSICS, BLOCK_SLOT, COINS, EVENTS, FINAL, finalized, HEAD, WORK } from "../lib/items.js";
import { count, duration, short } from "../lib/format.js";

const ALONE = "This node runs alone: it is a development chain.";

/** Draws the node of the worker, its peers and the newest blocks; with `block/N` in the address, one block. */
export function Network({ rest, status }) {
	if (rest[0] === "block" && /^\d{1,10}$/.test(rest[1] ?? ""))
		return html`<${Block} key=${rest[1]}
		number=${Number(rest[1])} />`;
	return html`
		<div class="panel-head"><h2>Network</h2></div>
		<${Loaded} answer=${status}>${(data) => html`<div class="grid"><${Node} status=${data} /><${Peers} /><${Blocks} />
			</div>`}<//>`;
}

function Node({ status }) {
	const { node, security, analytics, coin } = status;
	return html`<${Card} title="Worker and node" note=${html`<${Tag} tone=${node.synced ? "good" : "warn"}>${node.sync}<//>`}>
		<${Facts} rows=${[
			["Account", node.peer_id ? html`<${Account} id=${node.peer_id} />` : "several"],
			["Roles", node.roles.join(", ") || "none"],
			["Node", html`<span class="code wrap">${node.url}</span>`],
			[
				"Best block",
				html`<${Figure} exact=${node.chain_height} at=${status.at} from=${HEAD} />`,
				html`finalized <${Figure} exact=${security.finalized_height} at=${finalized(status)} from=${FINAL} />`,
			],
			["Genesis", html`<span class="code" title=${node.genesis}>${short(node.genesis, 10, 6)}</span>`],
			["Version", node.version, `running for ${duration(1000 * node.uptime_s)}`],
			coin?.my_balance && [
				"Free balance",
				html`<${Amount} plancks=${coin.my_balance} at=${status.at} from=${COINS.free(node.peer_id)} />`,
				coin.my_holds
					? html`held <${Amount} plancks=${coin.my_holds} at=${status.at}
					from=${COINS.held(node.peer_id)} />`
					: null,
			],
			[
				"Database",
				analytics ? analytics.state : "switched off",
				analytics?.reason ?? (analytics?.block ? html`at block <${BlockLink} number=${analytics.block} />` : null),
			],
		]} />
	<//>`;
}

function Peers() {
	const answer = useAnswer("/peers", ["block"]);
	if (answer.problem?.status === 501) return null;
	return html`<${Card} title="Peers" note=${answer.data ? `${count(answer.data.connected_count)} connected` : null}>
		<${Loaded} answer=${answer}>${(data) =>
			html`<${Table} caption="Peers of the node" hideCaption rows=${data.peers.slice(0, 200)}
				empty=${data.should_have_peers ? "The node has no peer at this time." : ALONE} columns=${[
					["Peer", (peer) => html`<span class="code" title=${peer.peer_id}>${short(peer.peer_id, 8, 6)}</span>`],
					["Role", (peer) => String(peer.roles ?? "–").toLowerCase()],
					["Best block", (peer) => html`<${BlockLink} number=${peer.best} />`, "num"],
				]} />`}<//>
	<//>`;
}

function Blocks() {
	const answer = useAnswer("/api/chain?limit=20", ["block"]);
	return html`<${Card} wide title="Newest finalized blocks">
		<${Loaded} answer=${answer}>${(data) =>
			html`<${Table} caption="Newest finalized blocks, newest first" hideCaption rows=${data.blocks}
				rowKey=${(block) => block.index} empty="No block is finalized yet." columns=${[
					["Block", (block) => html`<${BlockLink} number=${block.index} />`, "num"],
					["Hash", (block) => html`<span class="code" title=${block.hash}>${short(block.hash, 10, 6)}</span>`],
					["Time", (block) => html`<${Time} ms=${block.timestamp} />`],
					["Author", (block) => (block.authority === null ? "–" : `validator ${block.authority}`)],
					[
						"Extrinsics",
						(block) => html`<${Figure} exact=${block.transactions.length} at=${block.at} from=${BLOCK_EXTRINSICS} />`,
						"num",
					],
					["Events", (block) => html`<${Figure} exact=${block.events} at=${block.at} from=${BLOCK_EVENTS} />`, "num"],
					["Work blocks", (block) => html`<${Figure} exact=${block.work_blocks} at=${block.at} from=${WORK.blocks} />`, "num"],
				]} />`}<//>
	<//>`;
}

function Block({ number }) {
	const answer = useAnswer(`/chain/block/${number}`, []);
	return html`
		<div class="panel-head"><h2>Block ${count(number)}</h2><span class="pick">
			<a href="#network">All
			blocks</a> · <a href=${`/explorer#network/block/${number}`}>Explorer</a>${number > 0 ? html` · <a href=${`#network/block/${number - 1}`}>Previous</a>` : null} · <a href=${`#network/block/${number + 1}`}>Next</a></span></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Card} wide title="Header" note=${html`<a href=${`/chain/block/${number}`}>JSON</a>`}><${Facts} rows=${[
				["Hash", html`<span class="code wrap">${data.hash}</span>`],
				["Parent", html`<span class="code wrap">${data.previous_hash}</span>`],
				[
					"Time",
					data.timestamp
						? html`<time datetime=${new Date(data.timestamp).toISOString()}>${new Date(data.timestamp).toLocaleString("en-GB")}</time>`
						: "–",
				],
				[
					"Author",
					data.authority === null ? "–" : `validator ${data.authority}`,
					data.slot === null ? null : html`slot <${Figure} exact=${data.slot} at=${data.at} from=${BLOCK_SLOT} />`,
				],
				["Runtime", `version ${data.spec_version}`],
				[
					"Work blocks",
					html`<${Figure} exact=${data.work_blocks} at=${data.at} from=${WORK.blocks} />`,
					"sealed up to this block",
				],
				["Events", html`<${Figure} exact=${data.events} at=${data.at} from=${BLOCK_EVENTS} />`],
			]} /><//>
			<${Card} wide title="Extrinsics"
				note=${html`<${Figure} exact=${data.transactions.length} at=${data.at} from=${BLOCK_EXTRINSICS} /> in this block`}>
				<${Table} caption="Extrinsics, in order" hideCaption rows=${data.transactions}
				empty="The block has no extrinsics." columns=${[
					["Position", (one) => one.index, "num"],
					["Call", (one) => one.tx_type],
					["Signed by", (one) => (one.peer_id ? html`<${Account} id=${one.peer_id} />` : "inherent")],
					["Result", (one) => html`<${Tag} tone=${one.success ? "good" : "bad"}>${one.success ? "success" : "failed"}<//>`],
					["Fee", (one) => html`<${Amount} plancks=${one.fee} at=${one.peer_id ? data.at : null} from=${EVENTS.fee} />`, "num"],
					["Hash", (one) => html`<span class="code" title=${one.id}>${short(one.id, 10, 6)}</span>`],
				]} /><//>
		</div>`}<//>`;
}

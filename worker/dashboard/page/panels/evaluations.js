import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, Amount, BlockLink, Card, Figure, fromDatabase, Loaded, Table, Tag, Time } from "../lib/ui.js";
import { EVENTS } from "../lib/items.js";
import { blocksLeft } from "../lib/domain.js";
import { short, things, variant, words } from "../lib/format.js";

/** Tasks that are drawn. */
const SHOWN = 24;

/** Draws recomputation tasks with their evaluators, absences and challenges. */
export function Evaluations({ status, chain }) {
	const answer = useAnswer("/api/evaluations", ["Recomputation", "block", "Evaluators"]);
	const hasDatabase = status.data !== null && status.data.analytics !== null;
	const names = new Map((chain.data?.domains ?? []).map((domain) => [domain.domain_id, domain.name]));
	return html`
		<div class="panel-head"><h2>Evaluations</h2>
			<p>Drawn evaluators recompute the sums of all models of a round on unknown windows. They commit to their sums, then
			reveal them.</p></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			${data.pending.length === 0 ? html`<${Card} wide title="Open tasks"><p class="empty">No task is open.</p><//>` : null}
			${data.pending.slice(0, SHOWN).map(
				(task) => html`<${Task} key=${task.task_id} task=${task} name=${names.get(task.domain_id)}
				at=${data.at} />`,
			)}
			${data.late?.length ? html`<${Late} late=${data.late} />` : null}
			<${Completed} events=${data.completed} />
			${hasDatabase ? html`<${Absences} /><${Challenges} />` : null}
		</div>`}<//>`;
}

const STATES = { awaited: "plain", committed: "accent", revealed: "good", missed: "bad" };

function Task({ task, name, at }) {
	const { name: kind, content } = variant(task.subject);
	const subject = content?.number === undefined ? words(kind) : `${words(kind)} ${content.number}`;
	const isRunning = task.phase_end > at.number;
	const time = isRunning ? blocksLeft(task.phase_end, at.number) : html`since block <${BlockLink} number=${task.phase_end} />`;
	const seed = task.seed ? `, seed ${short(task.seed, 10, 6)}` : "";
	const caption = `Evaluators of task ${task.task_id}: ${things(task.models, "model")}${seed}`;
	return html`<${Card} wide title=${`Task ${task.task_id}: ${name ?? `domain ${task.domain_id}`}, ${subject}`}
		note=${html`<${Tag} tone="accent">${words(task.phase)}<//> ${time}`}>
		<${Table} caption=${caption} rows=${task.evaluators}
			empty="The evaluators are drawn when enough VRF outputs have followed." columns=${[
				["Evaluator", (seat) => html`<${Account} id=${seat.peer_id} />`],
				["Commitment", (seat) => (seat.committed ? "stored" : "–")],
				["Sums", (seat) => (seat.revealed ? "revealed" : "–")],
				["State", (seat) => html`<${Tag} tone=${STATES[seat.state] ?? "plain"}>${words(seat.state)}<//>`],
			]} />
	<//>`;
}

function Late({ late }) {
	return html`<${Card} wide tone="warn" title="Late answers" note="not in the phase that they belong to">
		<${Table} caption="Evaluators that did not answer in time" hideCaption rows=${late} empty="" columns=${[
			["Task", (row) => row.task_id, "num"],
			["Domain", (row) => row.domain_id, "num"],
			["Evaluator", (row) => html`<${Account} id=${row.peer_id} />`],
			["Missing", (row) => row.missing],
		]} />
	<//>`;
}

function Completed({ events }) {
	return html`<${Card} wide title="Completed tasks" note="among the recent events">
		<${Table} caption="Completed tasks, newest first" hideCaption rows=${events.toReversed().slice(0, 50)}
			empty="No task was completed recently." columns=${[
				["Task", (event) => String(event.data.task ?? "–"), "num"],
				["Block", (event) => html`<${BlockLink} number=${event.block} />`, "num"],
				["Time", (event) => html`<${Time} ms=${event.timestamp} />`],
				["Backed by", (event) => (event.data.backing ? words(variant(event.data.backing).name) : "–")],
			]} />
	<//>`;
}

function Absences() {
	const answer = useAnswer("/api/absences?limit=50", ["Recomputation"]);
	return html`<${Card} wide title="Absences" note=${fromDatabase(answer.data)}>
		<${Loaded} answer=${answer}>${(data) =>
			html`<${Table} caption="Absences, newest first" hideCaption rows=${data.rows}
				empty="No drawn evaluator has been absent." columns=${[
					["Block", (row) => html`<${BlockLink} number=${row.missed_block ?? row.block} />`, "num"],
					["Task", (row) => row.task, "num"],
					["Evaluator", (row) => html`<${Account} id=${row.account} />`],
					["Missing", (row) => (row.commit_block === null ? "commitment" : "sums")],
					["Counted", (row) => (row.is_excused ? html`<${Tag}>excused<//>` : html`<${Tag} tone="bad">counted<//>`)],
				]} />`}<//>
	<//>`;
}

function Challenges() {
	const answer = useAnswer("/api/challenges?limit=50", ["Recomputation", "Optimae"]);
	return html`<${Card} wide title="Challenges" note=${fromDatabase(answer.data)}>
		<${Loaded} answer=${answer}>${(data) => html`<${ChallengeTable} rows=${data.rows} />`}<//>
	<//>`;
}

/** Returns a table of challenges of the database. */
export function ChallengeTable({ rows }) {
	const at = ({ block }) => ({ number: block });
	const isClaim = (row) => row.kind === "claim";
	return html`<${Table} caption="Challenges, newest first" hideCaption rows=${rows} empty="No sum has been challenged."
		columns=${[
			["Block", (row) => html`<${BlockLink} number=${row.block} />`, "num"],
			["Kind", (row) => words(row.kind)],
			["Challenger", (row) => html`<${Account} id=${row.challenger} />`],
			["Task", (row) => row.task ?? "–", "num"],
			["Chunk", (row) => row.chunk ?? "–", "num"],
			["Claimed", (row) => html`<${Figure} exact=${row.claimed} at=${at(row)} from=${isClaim(row) ? EVENTS.claimed : null} />`, "num"],
			["Computed", (row) => html`<${Figure} exact=${row.computed} at=${at(row)} from=${isClaim(row) ? EVENTS.computed : null} />`, "num"],
			["Result", (row) => (row.is_upheld ? html`<${Tag} tone="good">upheld<//>` : html`<${Tag} tone="warn">rejected<//>`)],
			[
				"Reward",
				(row) =>
					row.reward
						? html`<${Amount} plancks=${row.reward} at=${at(row)} from=${isClaim(row) ? EVENTS.claimReward : EVENTS.sumReward} />`
						: "–",
				"num",
			],
		]} />`;
}

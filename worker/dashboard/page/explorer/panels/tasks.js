import { html } from "../../lib/html.js";
import { BlockLink, Card, Facts, Loaded, Table, Tag } from "../../lib/ui.js";
import { blocksLeft, Steps } from "../../lib/domain.js";
import { model, short, things, words } from "../../lib/format.js";
import { call, entries, query } from "../node.js";
import { useChain } from "../use.js";
import { AccountLink, Hex, ItemLink, Stored, Value } from "../parts.js";

/** Tasks that are drawn. */
const SHOWN = 24;

/** Draws the recomputation tasks that are not final; with an identifier, one task. */
export function Tasks({ rest }) {
	return rest[0] ? html`<${Task} key=${rest[0]} text=${rest[0]} />` : html`<${Open} />`;
}

/** Returns tasks of the state, at most `most`, as records and as views. `open` is the number of all. */
export async function readTasks(at, most = SHOWN) {
	const [kept, open, next] = await Promise.all([
		entries(at, "Recomputation", "Tasks", [], { count: most }),
		query(at, "Recomputation", "CounterForTasks"),
		query(at, "Recomputation", "NextTaskId"),
	]);
	const domains = [...new Set(kept.entries.map(({ value }) => value.domain))];
	const views = await Promise.all(domains.map((id) => call("doin_recomputations", [id, at.hash])));
	const records = new Map(kept.entries.map(({ keys: [id], value }) => [String(id), value]));
	const tasks = views
		.flat()
		.sort((one, other) => one.task - other.task)
		.slice(0, most);
	return { at, open, next, tasks, records };
}

function Open() {
	const answer = useChain("tasks", (at) => readTasks(at));
	return html`
		<div class="panel-head"><h2>Recomputations</h2>
			<p>A task has drawn evaluators recompute the chunk sums of some models on unknown windows. They commit to their sums, then
			reveal them; an account settles the task, and its sums can be challenged.</p></div>
		<${Loaded} answer=${answer}>${({ at, open, next, tasks }) => html`<div class="grid">
			<${Card} wide title="Tasks" note=${html`block <${BlockLink} number=${at.number} />`}><${Facts} rows=${[
				[
					"Tasks that are not final",
					html`<${Stored} name="Open tasks" item="Recomputation.CounterForTasks" value=${open} at=${at} />`,
				],
				[
					"Requested so far",
					html`<${Stored} name="Identifier of the next task" item="Recomputation.NextTaskId" value=${next} at=${at} />`,
				],
			]} /><//>
			${tasks.length === 0 ? html`<p class="empty">No task is open.</p>` : null}
			${tasks.map((task) => html`<${Summary} key=${task.task} task=${task} at=${at} />`)}
			${open > tasks.length ? html`<p class="note">${`${things(open - tasks.length, "further task")} not shown: the dashboard lists them.`}</p>` : null}
		</div>`}<//>`;
}

function Summary({ task, at }) {
	const { round } = task.subject;
	const subject = round
		? html`<a href=${`#rounds/${round.domain}/${round.number}`}>domain ${round.domain}, round ${round.number}</a>`
		: words(Object.keys(task.subject)[0]);
	return html`<${Card} wide title=${`Task ${task.task}`} note=${html`<a href=${`#tasks/${task.task}`}>record and sums</a>`}>
		<${Steps} label=${`Phases of task ${task.task}`} phase=${task.phase} isAwaited=${false} left=${blocksLeft(task.phaseEnd, at.number)} />
		<${Facts} rows=${[
			["Subject", subject],
			["Models", things(task.models.length, "model"), task.models.map(model).join(", ")],
			["Seed", task.seed ? html`<span class="code" title=${task.seed}>${short(task.seed, 10, 6)}</span>` : "not drawn yet"],
			["Evidence", html`<${Value} value=${task.evidence} />`],
			["Size class", words(task.class)],
		]} />
		<${Seats} task=${task} />
	<//>`;
}

function Seats({ task }) {
	return html`<${Table} caption=${`Drawn evaluators of task ${task.task}`} rows=${task.seats}
		empty="The evaluators are drawn when enough VRF outputs have followed." columns=${[
			["Evaluator", (seat) => html`<${AccountLink} id=${seat.who} />`],
			["Commitment", (seat) => (seat.committed ? "stored" : "–")],
			[
				"Sums",
				(seat) => html`<${Tag} tone=${seat.revealed ? "good" : "plain"}>${seat.revealed ? "revealed" : "not revealed"}<//>`,
			],
		]} />`;
}

function Task({ text }) {
	const answer = useChain(`task ${text}`, async (at) => {
		if (!/^\d{1,19}$/.test(text))
			throw { error: `“${text}” is not the identifier of a task`, next: "enter a whole number, e.g. 3" };
		const id = BigInt(text);
		const [task, answers, settled, next] = await Promise.all([
			query(at, "Recomputation", "Tasks", id),
			entries(at, "Recomputation", "Answers", [id], { count: 20 }),
			query(at, "Recomputation", "SettledSums", id),
			query(at, "Recomputation", "NextTaskId"),
		]);
		return { at, id, task, answers: answers.entries, settled, next };
	});
	return html`
		<div class="panel-head"><h2>Task ${text}</h2><span class="pick"><a href="#tasks">All tasks</a></span></div>
		<${Loaded} answer=${answer}>${(data) =>
			data.task === null
				? html`<${Absent} ...${data} />`
				: html`<div class="grid"><${Record} ...${data} /><${Sums} ...${data} /></div>`}<//>`;
}

function Absent({ id, next }) {
	if (id >= next) {
		return html`<p class="problem">Task ${String(id)} does not exist: the next task to be requested is ${String(next)}. Enter a smaller number.</p>`;
	}
	return html`<p class="empty">Task ${String(id)} is final or void, and its record has left the state. Read it in an older block with the
		<a href=${`#storage/Recomputation/Tasks/best/${id}`}>storage browser</a>.</p>`;
}

function Record({ at, id, task }) {
	const field = (name, of) =>
		html`<${Stored} name=${name} item="Recomputation.Tasks" keys=${[id]} value=${task} field=${of} at=${at} />`;
	return html`<${Card} wide title="Record" note=${html`<${ItemLink} item="Recomputation.Tasks" keys=${[id]} />`}>
		<${Facts} rows=${[
			["Stage", words(task.stage.type)],
			["Domain", html`<a href=${`#domains/${task.domain}`}>${task.domain}</a>`],
			["Chunks per model", field("Chunks per model", "chunks")],
			["Next item on the agenda", field("Block of the task's item on the agenda", "due")],
			["Seats of the roster", field("Seats of the roster at the draw", "roster")],
			["Settled by", html`<${AccountLink} id=${task.settler} />`],
		]} />
		<details class="more"><summary>Show the whole record</summary><${Value} value=${task} /></details><//>`;
}

function Sums({ id, answers, settled, task }) {
	return html`<${Card} wide title="Sums" note=${`${things(answers.length, "answer")} in the state`}>
		<${Table} caption="Revealed answers of the evaluators" rows=${answers} empty="No evaluator has revealed its sums." columns=${[
			["Evaluator", (row) => html`<${AccountLink} id=${row.keys[1]} />`],
			["Bytes", (row) => html`<${Hex} text=${row.raw} />`],
			["Sums", (row) => html`<details class="more"><summary>Show</summary><${Value} value=${row.value} /></details>`, "text"],
		]} />
		${
			settled === null
				? html`<p class="empty">The task is not settled.</p>`
				: html`<details class="more"><summary>Settled sums: ${things(task.models.length, "model")},
			${things(task.chunks, "chunk")} each</summary><${Value} value=${settled} /></details>
			<p class="note"><${ItemLink} item="Recomputation.SettledSums" keys=${[id]} /></p>`
		}<//>`;
}

import { html } from "../../lib/html.js";
import { Amount, BlockLink, Card, Facts, fromDatabase, Loaded, Problem, Table } from "../../lib/ui.js";
import { read as readWorker } from "../../lib/store.js";
import { blocksLeft } from "../../lib/domain.js";
import { ChallengeTable } from "../../panels/evaluations.js";
import { count, model, things } from "../../lib/format.js";
import { entries, runtimeAt } from "../node.js";
import { readBlock } from "../blocks.js";
import { useChain } from "../use.js";
import { AccountLink, Fields, Hex, ItemLink, stored } from "../parts.js";
import { readTasks } from "./tasks.js";

/** Announcements that are drawn. */
const SHOWN = 100;
/** Open tasks that are looked through: as many keys as a node returns at a time. */
const TASKS = 1000;
/** Newest blocks whose events are looked through. */
const BLOCKS = 15;
const ABOUT = /^(Challenge(Announced|Cancelled|Upheld|Rejected)|TaskReopened|ClaimDisproved)$/;

/** Draws what can be challenged, announced challenges, and those of the newest blocks and of the database. */
export function Challenges() {
	const answer = useChain("challenges", async (at) => {
		const [announced, tasks, runtime, past] = await Promise.all([
			entries(at, "Recomputation", "Challenges", [], { count: SHOWN }),
			readTasks(at, TASKS),
			runtimeAt(at),
			readWorker("/api/challenges?limit=50").catch((problem) => ({ problem })),
		]);
		const bond = runtime.constants().find(({ pallet, name }) => pallet === "Recomputation" && name === "ChallengeBond");
		const numbers = Array.from({ length: Math.min(BLOCKS, at.number + 1) }, (_, back) => at.number - back);
		const blocks = await Promise.all(numbers.map(readBlock));
		const events = blocks.flatMap((block) =>
			block.events.filter(({ name }) => ABOUT.test(name)).map((event) => ({ ...event, block: block.number })),
		);
		const open = tasks.tasks.filter(({ phase }) => phase === "Challenge");
		const isCut = tasks.open > tasks.tasks.length;
		return {
			at,
			announced: announced.entries,
			tasks: open,
			isCut,
			bond: bond?.value ?? null,
			events,
			blocks: numbers.length,
			past,
		};
	});
	return html`
		<div class="panel-head"><h2>Challenges</h2>
			<p>Anybody can prove that a settled chunk sum is wrong: an announcement hides the chunk, and the call a block later has the
			runtime recompute it.</p></div>
		<${Loaded} answer=${answer}>${(data) => html`<div class="grid">
			<${Open} ...${data} /><${Announced} ...${data} /><${Events} ...${data} /><${Past} past=${data.past} />
		</div>`}<//>`;
}

function Open({ at, tasks, isCut, bond }) {
	return html`<${Card} wide title="Sums that can be challenged" note=${html`block <${BlockLink} number=${at.number} />`}>
		<${Facts} rows=${[
			["Tasks in their challenge window", count(tasks.length), isCut ? `of the first ${count(TASKS)} open tasks` : null],
			bond !== null && [
				"Bond of a challenge",
				html`<${Amount} plancks=${bond} />`,
				html`<a href="#reference/ChallengeBond">constant of Recomputation</a>`,
			],
		]} />
		<${Table} caption="Tasks whose settled sums can be challenged" rows=${tasks} rowKey=${(task) => task.task}
			empty=${isCut ? "None of the open tasks that were read is in its challenge window." : "No task is in its challenge window."} columns=${[
				["Task", (task) => html`<a href=${`#tasks/${task.task}`}>${task.task}</a>`, "num"],
				["Models", (task) => task.models.map(model).join(", ")],
				["Window", (task) => blocksLeft(task.phaseEnd, at.number)],
			]} /><//>`;
}

function Announced({ at, announced }) {
	const item = "Recomputation.Challenges";
	return html`<${Card} wide title="Announced challenges" note=${html`<${ItemLink} item=${item} />`}>
		<${Table} caption="Announced challenges, which are not made yet" hideCaption rows=${announced} rowKey=${(row) => row.key}
			empty="No challenge is announced." columns=${[
				["Challenger", (row) => html`<${AccountLink} id=${row.keys[0]} />`],
				["Announced in block", (row) => html`<${BlockLink} number=${row.value.at} />`, "num"],
				[
					"Bond",
					(row) =>
						html`<${Amount} plancks=${row.value.bond} at=${at} from=${stored("Bond of a challenge", item, row.keys, "bond")} />`,
					"num",
				],
				["Commitment", (row) => html`<${Hex} text=${row.value.hash} />`],
			]} /><//>`;
}

function Events({ events, blocks }) {
	return html`<${Card} wide title="Events of the newest blocks" note=${`${things(blocks, "block")} looked through`}>
		<${Table} caption="Events of challenges in the newest blocks" hideCaption rows=${events} empty="No challenge in the newest blocks." columns=${[
			["Block", (event) => html`<${BlockLink} number=${event.block} />`, "num"],
			["Event", (event) => `${event.pallet}.${event.name}`],
			["Fields", (event) => html`<${Fields} fields=${event.fields} />`, "text"],
		]} /><//>`;
}

function Past({ past }) {
	// A worker without a database has no list.
	if (past.problem?.status === 501) return null;
	return html`<${Card} wide title="Challenges" note=${past.problem ? null : fromDatabase(past)}>
		${past.problem ? html`<${Problem} problem=${past.problem} />` : html`<${ChallengeTable} rows=${past.rows} />`}<//>`;
}

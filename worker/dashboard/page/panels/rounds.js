import { html } from "../lib/html.js";
import { useAnswer } from "../lib/store.js";
import { Account, Amount, BlockLink, Card, Facts, Figure, fromDatabase, Loaded, MeanError, Table, Time } from "../lib/ui.js";
import { EVENTS, ROUND } from "../lib/items.js";
import { blocksLeft, SeatState, Steps } from "../lib/domain.js";
import { count, model, things, title, variant, words } from "../lib/format.js";

/** Open rounds, and tasks, that are drawn. */
const SHOWN = 24;

/** Draws open rounds on their way to a verdict, and decided ones. */
export function Rounds({ chain, status }) {
	const tasks = useAnswer("/api/evaluations", ["Recomputation", "block"]);
	const hasDatabase = status.data !== null && status.data.analytics !== null;
	return html`
		<div class="panel-head"><h2>Rounds</h2>
			<p>A round takes commits, then reveals. Evaluators are drawn, answer with their sums, and anybody can settle and
			challenge them. Then the verdict falls.</p></div>
		<${Loaded} answer=${chain}>${(data) => {
			const names = new Map(data.domains.map((domain) => [domain.domain_id, domain]));
			return html`<div class="grid">
				${data.rounds.length === 0 ? html`<p class="empty">No round is open: no domain is active.</p>` : null}
				${data.rounds.slice(0, SHOWN).map((round) => {
					const domain = names.get(round.domain_id);
					return html`<${Open} key=${`${round.domain_id}-${round.round}`} round=${round} domain=${domain} at=${data.at} />`;
				})}
				${(tasks.data?.pending ?? []).slice(0, SHOWN).map((task) => {
					const domain = names.get(task.domain_id);
					return html`<${Evaluated} key=${task.task_id} task=${task} domain=${domain} at=${tasks.data.at} />`;
				})}
				${data.rounds.length > SHOWN ? html`<p class="note">${`${SHOWN} of ${count(data.rounds.length)} open rounds are shown.`}</p>` : null}
				${hasDatabase ? html`<${Decided} names=${names} />` : null}
			</div>`;
		}}<//>`;
}

const isAwaited = (domain) => /sealed|live/i.test(domain?.evidence ?? "");

function Open({ round, domain, at }) {
	return html`<${Card} wide title=${`${domain?.name ?? "Domain"}, round ${round.round}`} note=${`domain ${round.domain_id}`}>
		<${Facts} rows=${[
			["Phase", title(round.phase), blocksLeft(round.phase_end, at.number)],
			[
				"Phase ends before",
				html`<${Figure} exact=${round.phase_end} at=${at} from=${ROUND.phaseEnd(round)} />`,
				round.awaited_until ? html`evidence until block <${BlockLink} number=${round.awaited_until} />` : null,
			],
			["Seats taken", html`<${Figure} exact=${round.seats.length} at=${at} from=${ROUND.seats(round)} />`],
			[
				"Fee of the next seat",
				html`<${Amount} plancks=${round.next_seat_fee} at=${at} from=${ROUND.fee(round)} />`,
				html`and a hold of <${Amount} plancks=${round.seat_hold} at=${at} from=${ROUND.hold(round)} />`,
			],
			isAwaited(domain) && [
				"Stake of a seat",
				html`<${Amount} plancks=${round.stake} at=${at}
				from=${ROUND.stake(round)} />`,
			],
			round.contender && ["Contender", model(round.contender)],
		]} />
		<${Steps} label=${`Phases of round ${round.round} of domain ${round.domain_id}`} phase=${round.phase}
			isAwaited=${isAwaited(domain)} left=${blocksLeft(round.phase_end, at.number)} />
		<${Table} caption=${`Seats of round ${round.round} of domain ${round.domain_id}, in order of commit`} rows=${round.seats}
			empty="No seat is taken yet." columns=${[
				["Seat", (_, index) => index, "num"],
				["Account", (seat) => html`<${Account} id=${seat.peer_id} />`],
				["State", (seat) => html`<${SeatState} status=${seat.status} />`],
				["Model", (seat) => (seat.model ? model(seat.model) : "–")],
				["Fee", (seat, index) => html`<${Amount} plancks=${seat.fee} at=${at} from=${ROUND.seatFee(round, index)} />`, "num"],
			]} />
	<//>`;
}

function Evaluated({ task, domain, at }) {
	const { name, content } = variant(task.subject);
	const subject = content?.number === undefined ? words(name) : `${words(name)} ${content.number}`;
	const answered = count(task.evaluators.filter((seat) => seat.revealed).length);
	return html`<${Card} wide title=${`${domain?.name ?? "Domain"}, ${subject}: evaluation`}
		note=${html`<a href="#evaluations">task ${task.task_id}</a>`}>
		<p class="note">${things(task.models, "model")}, ${things(task.evaluators.length, "evaluator")} drawn, ${answered} answered.</p>
		<${Steps} label=${`Phases of task ${task.task_id}`} phase=${task.phase} isAwaited=${isAwaited(domain)}
			left=${blocksLeft(task.phase_end, at.number)} />
	<//>`;
}

function Decided({ names }) {
	const answer = useAnswer("/api/metrics?limit=50", ["Optimae"]);
	// Error sums of the database, as a percentage of the initial champion's. Only the claim of this row is in the events of its reveal.
	const share = (error, row) => {
		const domain = names.get(row.domain_id);
		const initial = Number(domain?.initial_validation_error ?? 0);
		if (error === null || error === undefined || initial === 0) return "–";
		const at = error === row.performance && (row.reveal_block ?? null) !== null ? { number: row.reveal_block } : null;
		return html`<${Figure} exact=${error} text=${((100 * Number(error)) / initial).toFixed(2)} unit="%" at=${at}
				from=${EVENTS.revealed} title=${`error sum ${error}`} />
			<small><${MeanError} sum=${error} predictions=${domain.validation_predictions} domain=${domain} /></small>`;
	};
	return html`<${Card} wide title="Decided seats" note=${fromDatabase(answer.data, "newest 50")}>
		<${Loaded} answer=${answer}>${(data) =>
			html`<${Table} caption="Seats of decided rounds, newest first" hideCaption rows=${data.metrics}
				empty="No round is decided yet." columns=${[
					["Domain", (row) => names.get(row.domain_id)?.name ?? row.domain_id],
					["Round", (row) => count(row.round_num), "num"],
					["Block", (row) => html`<${BlockLink} number=${row.block} />`, "num"],
					["Account", (row) => html`<${Account} id=${row.peer_id} />`],
					["Claimed validation error", (row) => share(row.performance, row), "num"],
					["Best of the account so far", (row) => share(row.best_performance, row), "num"],
					["Improvement", (row) => (row.is_improvement ? "yes" : "no")],
					["Time", (row) => html`<${Time} ms=${Date.parse(row.timestamp)} />`],
				]} />`}<//>
	<//>`;
}

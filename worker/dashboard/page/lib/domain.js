// Texts about domains and rounds that several panels share.
import { html } from "./html.js";
import { Tag } from "./ui.js";
import { bits, things, variant, words } from "./format.js";

const STATUS = {
	active: "good",
	converged: "accent",
	registered: "plain",
	activating: "warn",
	closing: "warn",
	refused: "bad",
	retired: "plain",
};

/** Returns the status of a domain as a tag. */
export function DomainStatus({ status }) {
	return html`<${Tag} tone=${STATUS[words(status)] ?? "plain"}>${words(status)}<//>`;
}

/** Reasons for which a round was not paid. */
export const UNPAID = {
	noCandidate: "No candidate was revealed that undercut the bar of the domain with a correct claim.",
	noImprovement: "No candidate was better than the champion beyond doubt.",
	contenderKept: "The best candidate was better, but not beyond doubt. It is evaluated again as contender.",
	noWeight: "A candidate became champion, and the domain has no weight: validators have not voted for it.",
	belowHighWater: "A candidate became champion, but its progress does not pass the high-water mark of the domain.",
	noQuorum: "Too few evaluators could be drawn or answered, and the sums were not recomputed before the time-out.",
	unsettled: "A quorum answered, and no account settled its answers before the time-out.",
	nothingToImprove: "The initial champion has no error on the drawn windows, so nothing can be improved.",
	noRecomputation: "The recomputation service accepted no request: too many tasks are open, or the domain was closed.",
	emptyPurse: "A candidate became champion, and the purse of the domain was empty.",
	evidenceMissing: "The owner did not open the segment of the round in time.",
	tooFewBars: "Too few bars of the stream came into being in time.",
	ramp: "A candidate became champion in a round that began before the domain gained weight or in the same block, where pay begins to rise from nothing.",
};

/** Reasons for which a seat was not paid, beside those of its round. */
export const REJECTED = {
	notBetter: "Its claimed validation error did not undercut the bar of the domain by the least improvement.",
	overtaken: "The champion changed before the candidate was evaluated, and the candidate does not undercut the new one.",
	falseClaim: "One of its claimed validation sums was proved to be false.",
	lost: "The evaluated model did not win.",
	expired: "The contender did not beat the champion beyond doubt within its rounds.",
	forfeited: "The model was not revealed in time.",
	excused: "The round ended before its model could be revealed; what it held was returned.",
	voided: "The round was void: its evidence did not come, and everything was returned.",
	withdrawn: "Its author withdrew the contender.",
};

/** Returns a sentence for a reason, whatever the case of its first letter. */
export function reasonText(reason) {
	if (!reason) return null;
	const key = reason.charAt(0).toLowerCase() + reason.slice(1);
	return UNPAID[key] ?? REJECTED[key] ?? null;
}

/** Returns the result of a round as a tag. */
export function Result({ result }) {
	const { name, content } = variant(result);
	if (/^paid$/i.test(name)) return html`<${Tag} tone="good">paid ${bits(content.effective)} bits<//>`;
	return html`<${Tag} tone="warn" title=${reasonText(content)}>unpaid: ${words(content)}<//>`;
}

/** Returns the state of a seat as a tag. */
export function SeatState({ status }) {
	const { name, content } = variant(status);
	const word = words(name);
	const tone = { committed: "plain", revealed: "accent", rejected: "warn", forfeited: "bad", crowned: "good" }[word] ?? "plain";
	return html`<${Tag} tone=${tone} title=${reasonText(content)}>${content ? `${word}: ${words(content)}` : word}<//>`;
}

const STEPS = [
	["commit", "Commit"],
	["evidence", "Evidence"],
	["reveal", "Reveal"],
	["drawing", "Draw"],
	["answering", "Answers"],
	["revealing", "Sums"],
	["settling", "Settling"],
	["challenge", "Challenge"],
];

/** Returns the phases of a round of the protocol with the one it is in. `isAwaited` adds the phase of sealed or live evidence. */
export function Steps({ label, phase, isAwaited, left }) {
	const name = words(phase) === "recomputing" ? "settling" : words(phase);
	const steps = STEPS.filter(([id]) => isAwaited || id !== "evidence");
	const at = steps.findIndex(([id]) => id === name);
	return html`<ol class="steps" aria-label=${label}>${steps.map(
		([id, text], index) =>
			html`<li key=${id} class=${index < at ? "done" : index === at ? "now" : ""}
				aria-current=${index === at ? "step" : null}><span>${
					index === at && words(phase) === "recomputing" ? "Recomputing" : text
				}</span>${index === at && left !== null && left !== undefined ? html`<small>${left}</small>` : null}</li>`,
	)}</ol>`;
}

/** Returns the blocks that are left until a block. */
export function blocksLeft(end, head) {
	const left = Math.max(0, end - head);
	return `${things(left, "block")} left`;
}

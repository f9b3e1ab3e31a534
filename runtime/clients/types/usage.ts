// Calls, storage, events, constants and runtime APIs of the chain in both libraries, as a program would use them. `npm run check` reads
// the types of this file; nothing runs it. Lines after @ts-expect-error are faults that the types have to find.

import type { ApiPromise } from '@polkadot/api';
import 'doin-clients/polkadot-js';
import { doin } from 'doin-clients/papi';
import { Enum, type PolkadotClient } from 'polkadot-api';

export async function polkadotJs(api: ApiPromise): Promise<bigint> {
	api.tx.gauge.vote([[0, 1_000_000]]);
	api.tx.optimae.commit({ domain: 0, number: 7 }, new Uint8Array(32), 10n ** 12n);
	api.tx.recomputation.challenge(1n, 0, 3, new Uint8Array(32), 'Small');
	// @ts-expect-error: there is no such call
	api.tx.optimae.comit({ domain: 0, number: 7 }, new Uint8Array(32), 1n);

	const state = (await api.query.domains.states(0)).unwrap();
	const owner: string = state.owner.toString();
	// @ts-expect-error: there is no such field
	state.proprietor;
	const round = (await api.call.doinApi.round(0)).unwrap();
	const isOpen: boolean = round.phase.isCommit;
	const penalty: bigint = api.consts.optimae.seatPenalty.toBigInt();
	return isOpen && owner ? round.nextSeatFee.toBigInt() : penalty;
}

export async function papi(client: PolkadotClient): Promise<bigint> {
	const api = client.getTypedApi(doin);
	api.tx.Gauge.vote({ votes: [[0, 1_000_000]] });
	api.tx.Recomputation.challenge({ task: 1n, model: 0, chunk: 3, salt: `0x${'00'.repeat(32)}`, class: Enum('Small') });
	// @ts-expect-error: there is no such class
	api.tx.Evaluators.bond({ amount: 1n, class: Enum('Tiny') });
	// @ts-expect-error: an argument is missing
	api.tx.Optimae.commit({ round: { domain: 0, number: 7 }, max_fee: 1n });

	const state = await api.query.Domains.States.getValue(0);
	const owner: string | undefined = state?.owner;
	// @ts-expect-error: there is no such field
	state?.proprietor;
	const round = await api.apis.DoinApi.round(0);
	const isOpen: boolean = round?.phase.type === 'Commit';
	const penalty: number = await api.constants.Optimae.SeatPenalty();
	return isOpen && owner && round ? round.next_seat_fee : BigInt(penalty);
}

import type {Interviewer} from '../face.ts';
import type {WizardTerminal} from './seen.ts';

/** What costs are asked for and told with. `pricing` counts up each time that they are asked for: only the newest are told. */
type Pricing = {interviewer: Interviewer; terminal: WizardTerminal; pricing: number};

/** Says what the answers that are looked at now cost, once it's known. What the plan or the prices fail of is met at the review. */
export function priceNow(walker: Pricing): void {
	void tellCosts(walker).catch(() => undefined);
}

/** Tells the costs of the newest plan; costs that were asked for before are told no more. */
export async function tellCosts(walker: Pricing): Promise<void> {
	const {interviewer, terminal} = walker;
	const mine = ++walker.pricing;
	const ended = await interviewer.plan.ended();
	const costs = ended ? await interviewer.costs(ended) : [];
	if (mine === walker.pricing) terminal.tell({costs});
}

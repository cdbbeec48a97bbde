/** The twenty worked cases of spec/attestation.md: evidence, the role that it gives, and why. @module */
import type { Role } from '../../src/core/output.ts'
import type { Evidence } from '../../src/provenance/roles.ts'
import type { Review } from '../../src/provenance/statement.ts'

export interface RoleCase {
  readonly case: number
  readonly what: string
  readonly evidence: Evidence
  readonly role: Role | null
  /** Handle of the human, or null. */
  readonly human: string | null
  readonly why: string
}

/** Who asked the agent, and two who look at what it made. */
const [ASKER, ADA, BEN] = ['rev_asker', 'rev_ada', 'rev_ben']
const REGISTERED = '2026-03-02T09:00:00.000Z'

const none: Evidence = {
  gesture: null,
  registered_at: REGISTERED,
  released_at: null,
  composition: null,
  human_share: 500,
  review: null,
  instruction: null,
  principal: ASKER,
}

function review(edit: Partial<Review> = {}): Review {
  return {
    by: ADA,
    opened_at: '2026-03-02T09:05:00.000Z',
    decided_at: '2026-03-02T09:12:00.000Z',
    in_view_ms: 300_000,
    length: 2400,
    edit_distance: 0,
    refusals: 0,
    flagged: false,
    ...edit,
  }
}

const asked = { commit: 'c'.repeat(43), signed_at: '2026-03-01T08:00:00.000Z', names: 'text' } as const
const granted = { ...asked, commit: null, names: 'grant', grant: 'g'.repeat(43) } as const

function worked(
  what: string,
  evidence: Partial<Evidence>,
  role: Role | null,
  why: string,
): Omit<RoleCase, 'case'> {
  const whole = { ...none, ...evidence }
  const human = role === null ? null : role === 'directed' ? whole.principal : whole.gesture
  return { what, evidence: whole, role, human, why }
}

const all = [
  worked(
    'Ada writes a letter; the agent only corrects its spelling. 920 of 1000 characters are hers, and she signs.',
    { gesture: ADA, composition: { by: ADA, human_share: 920 } },
    'authored',
    'Recorded composition above the share, by who signs.',
  ),
  worked(
    'The agent drafts a letter, Ada rewrites half of it to the character: 500 of 1000. She signs.',
    { gesture: ADA, composition: { by: ADA, human_share: 500 } },
    'authored',
    'The share is reached when it is met.',
  ),
  worked(
    'As before, but 499 of 1000, and she had it in review for five minutes before it left.',
    { gesture: ADA, composition: { by: ADA, human_share: 499 }, review: review({ edit_distance: 1300 }) },
    'supervised',
    'Below the share; the review is whole. How much she meant it to be hers does not count.',
  ),
  worked(
    'Ada says that she wrote it all, outside, and pastes it in as the agent’s draft. She signs.',
    { gesture: ADA },
    null,
    'A claim is not a record: no composition, no review, no instruction.',
  ),
  worked(
    'The policy asks for 800. Ada wrote 700 and signs without a review.',
    { gesture: ADA, human_share: 800, composition: { by: ADA, human_share: 700 } },
    null,
    'Below the policy’s share, and nothing else is there.',
  ),
  worked(
    'Ben wrote 900 of 1000; Ada signs it, and did not review it.',
    { gesture: ADA, composition: { by: BEN, human_share: 900 } },
    null,
    'Composition is of who wrote. Ben may sign as its author.',
  ),
  worked(
    'Ben wrote 900 of 1000; Ada reviews it for five minutes and signs.',
    { gesture: ADA, composition: { by: BEN, human_share: 900 }, review: review() },
    'supervised',
    'Her review is her evidence; his composition is not.',
  ),
  worked(
    'The agent drafts, Ada reads for five minutes, changes nothing and signs. Then it leaves.',
    { gesture: ADA, review: review(), released_at: '2026-03-02T09:13:00.000Z' },
    'supervised',
    'Reviewed before release. Changing nothing is no fault.',
  ),
  worked(
    'As before, but it had left at 09:10, while she was reading.',
    { gesture: ADA, review: review(), released_at: '2026-03-02T09:10:00.000Z', instruction: asked },
    'directed',
    'A review that ends after the release supervises nothing. The instruction of the day before names the kind.',
  ),
  worked(
    'As before, and no instruction names this kind of output.',
    { gesture: ADA, review: review(), released_at: '2026-03-02T09:10:00.000Z' },
    null,
    'Neither review nor direction is whole.',
  ),
  worked(
    'Ada opens 2,400 characters, and signs four seconds later. The measure flags it.',
    { gesture: ADA, review: review({ in_view_ms: 4000, flagged: true }), instruction: asked },
    'directed',
    'A flagged review counts for nothing until another person has reviewed.',
  ),
  worked(
    'As before; then Ben reviews it for six minutes and signs.',
    { gesture: BEN, review: review({ by: BEN, in_view_ms: 360_000 }), instruction: asked },
    'supervised',
    'The second review is whole, and Ben is its human.',
  ),
  worked(
    'Ada opened the review before this version was registered: she looked at an earlier draft.',
    { gesture: ADA, review: review({ opened_at: '2026-03-02T08:59:00.000Z' }), instruction: asked },
    'directed',
    'The review is of another output.',
  ),
  worked(
    'Ada reviewed it and signed nothing: the page was closed.',
    { review: review(), instruction: asked },
    'directed',
    'Without her gesture the review is nobody’s.',
  ),
  worked(
    'Ada reviewed it, and Ben signed.',
    { gesture: BEN, review: review(), instruction: asked },
    'directed',
    'Review and gesture are of two people.',
  ),
  worked(
    'The page lay open for seven minutes in another tab: not a moment in view.',
    { gesture: ADA, review: review({ in_view_ms: 0 }) },
    null,
    'Nothing was looked at.',
  ),
  worked(
    'Every night the agent sends the status mail that the root’s instruction names. Nobody looks.',
    { instruction: asked },
    'directed',
    'An instruction of the day before that names the kind.',
  ),
  worked(
    'The root grants the very tool that makes this kind, by its name.',
    { instruction: granted },
    'directed',
    'A grant that is written out names the kind.',
  ),
  worked(
    'The instruction was signed 90 days before, to the minute.',
    { instruction: { ...asked, signed_at: '2025-12-02T09:00:00.000Z' } },
    null,
    'Under 90 days, and not 90.',
  ),
  worked(
    'The instruction says “help our customers”; the mail that leaves is a dunning letter.',
    { instruction: { ...asked, names: 'none' } },
    null,
    'It does not name this kind. Whether it was meant is not asked.',
  ),
]

export const roleCases: readonly RoleCase[] = all.map((one, i) => ({ case: i + 1, ...one }))

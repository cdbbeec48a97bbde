/** Reviews of access: the list is what its digest says, and each was closed over what was decided and done. spec/reviews.md (ACR-10), spec/roles.md (ROL-7). @module */
import type { Crypto } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import { canonicalBytes } from '../../core/json.ts'
import type { ReviewItem } from '../../log/governance-bodies.ts'
import type { Frame } from '../../revoke/frame.ts'
import type { History } from '../history.ts'
import { AccessList } from './access-list.ts'
import type { ApprovalJudge } from './approvals.ts'
import type { Findings } from './report.ts'

type Logged = Extract<History['governance'][number], { entry: { type: `access_review.${string}` } }>
type Of<T extends Logged['entry']['type']> = Extract<Logged, { entry: { type: T } }>

interface Review {
  readonly opened: Of<'access_review.opened'>
  readonly items: ReviewItem[]
  readonly reviewers: Map<number, string>
  readonly decided: Map<number, Of<'access_review.decided'>>
  readonly acted: Set<number>
  /** Whether the whole list was there, as its digest says. */
  isListed: boolean
  isClosed: boolean
}

export function checkAccessReviews(
  crypto: Crypto,
  history: History,
  judge: ApprovalJudge,
  findings: Findings,
): void {
  const all = history.governance.filter((one): one is Logged => one.entry.type.startsWith('access_review.'))
  if (all.length === 0) return
  const frames = new Map(history.frames.map((one) => [one.frame.seq, one]))
  const list = new AccessList(crypto, history)
  findings.check('reviews of access decided on the list that they froze, and it was done', () => {
    const reviews = new Map<string, Review>()
    for (const each of all) {
      const fault = faultOf(crypto, { frames, judge, reviews, list }, each)
      if (fault === null) continue
      const id = each.entry.subject ?? ''
      findings.add({ code: codeOf(reviews.get(id)), message: `review ${id}: ${fault}`, index: each.index })
    }
    for (const [id, review] of reviews) {
      const fault = listFault(list, review)
      if (fault === null) continue
      findings.add({ code: codeOf(review), message: `review ${id}: ${fault}`, index: review.opened.index })
    }
    return all.length
  })
}

/** Of which list it is: each is a test of its own. */
function codeOf(review: Review | undefined): 'ACCESS_REVIEW_INVALID' | 'ROLE_REVIEW_INVALID' {
  return review?.opened.entry.body.list === 'roles' ? 'ROLE_REVIEW_INVALID' : 'ACCESS_REVIEW_INVALID'
}

interface Judging {
  /** By sequence number. */
  readonly frames: ReadonlyMap<number, { readonly index: number; readonly frame: Frame }>
  readonly judge: ApprovalJudge
  readonly reviews: Map<string, Review>
  readonly list: AccessList
}

function listFault(list: AccessList, { opened, items, isListed }: Review): string | null {
  if (!isListed) return 'its list is not the one that its digest is of'
  const listed = new Set(items.map(({ target }) => target))
  const of = opened.entry.body.list ?? 'access'
  if (items.some(({ kind }) => (kind === 'role') !== (of === 'roles')))
    return 'its list has what is of another'
  for (const id of list.expected(of, opened.index, Date.parse(opened.entry.time)))
    if (!listed.has(id)) return `${id} could act, and its list leaves it out`
  return null
}

function faultOf(crypto: Crypto, judging: Judging, each: Logged): string | null {
  const { index, entry } = each
  const id = entry.subject ?? ''
  const review = judging.reviews.get(id)
  if (entry.type === 'access_review.opened') {
    if (review !== undefined) return 'it was opened before'
    const opened = each as Of<'access_review.opened'>
    const fresh = { items: [], reviewers: new Map(), decided: new Map(), acted: new Set<number>() }
    judging.reviews.set(id, { opened, ...fresh, isListed: false, isClosed: false })
    return null
  }
  if (review === undefined) return 'nobody opened it'
  if (review.isClosed) return 'it went on after it was closed'
  switch (entry.type) {
    case 'access_review.listed': {
      if (review.isListed || entry.body.from !== review.items.length) return 'its list is not in order'
      review.items.push(...entry.body.items)
      const { items_n, digest } = review.opened.entry.body
      if (review.items.length === items_n)
        review.isListed = base64url(crypto.sha256(canonicalBytes(review.items))) === digest
      return null
    }
    case 'access_review.assigned':
      if (entry.body.items.some((n) => review.decided.has(n) || n >= review.items.length))
        return 'it gives away what is decided or not there'
      for (const n of entry.body.items) review.reviewers.set(n, entry.body.reviewer)
      return null
    case 'access_review.decided':
      return decisionFault(judging.judge, review, each as Of<'access_review.decided'>)
    case 'access_review.acted':
      return actFault(judging, review, each as Of<'access_review.acted'>)
    case 'access_review.closed':
      review.isClosed = true
      return closingFault(judging.judge, review, { index, entry })
  }
}

function decisionFault(
  judge: ApprovalJudge,
  { items, reviewers, decided }: Review,
  one: Of<'access_review.decided'>,
): string | null {
  const { actor, body } = one.entry
  const item = items[body.item]
  if (item === undefined) return 'it decides on what is not on the list'
  if (decided.has(body.item)) return 'it decides on an item twice'
  decided.set(body.item, one)
  if (actor.kind !== 'person') return 'nobody decided'
  if ((reviewers.get(body.item) ?? actor.id) !== actor.id) return 'somebody else was to decide'
  return judge.separationFault(body, item.owner === actor.id)
}

function actFault(
  { frames, list }: Judging,
  { items, decided, acted }: Review,
  { index, entry: { body } }: Of<'access_review.acted'>,
): string | null {
  const decision = decided.get(body.item)
  if (decision === undefined || decision.entry.body.decision === 'keep') return 'nothing was to be done'
  if (acted.has(body.item)) return 'it was done before'
  acted.add(body.item)
  const named = body.frames.map((seq) => frames.get(seq))
  if (named.some((one) => one === undefined || one.index >= index))
    return 'a frame that it names is not there'
  const item = items[body.item]
  if (item !== undefined && named.some((one) => one !== undefined && !list.isOf(item, one.frame)))
    return 'a frame that it names revokes something else'
  if (decision.entry.body.decision === 'revoke' && (item?.kind === 'role' || item?.kind === 'service')) {
    const removal = list.removalOf(item)
    const isRemoved = removal !== null && removal < index && body.entries.includes(removal)
    return isRemoved ? null : 'nobody removed it'
  }
  if (body.entries.some((at) => at <= decision.index || at >= index))
    return 'what changed it did not come between the decision and this'
  if (decision.entry.body.decision === 'change')
    return body.entries.length === 0 ? 'nothing changed it' : null
  const isRevoked = body.frames.length > 0 || (item !== undefined && !list.hasHandle(item))
  return isRevoked ? null : 'no frame revoked it'
}

function closingFault(judge: ApprovalJudge, review: Review, one: Of<'access_review.closed'>): string | null {
  const { act } = one.entry.body
  const { opened, items, decided, acted } = review
  const n = (of: string): number =>
    [...decided.values()].filter(({ entry }) => entry.body.decision === of).length
  const isOver =
    act.review === one.entry.subject &&
    act.opened === opened.index &&
    act.digest === opened.entry.body.digest &&
    act.kept === n('keep') &&
    act.revoked === n('revoke') &&
    act.changed === n('change')
  if (!isOver) return 'its closing is not over its list and what was decided'
  if (decided.size !== items.length) return 'it was closed before all was decided'
  if (acted.size !== act.revoked + act.changed) return 'it was closed before all was done'
  return (
    judge.gestureFault(one) ?? judge.separationFault(one.entry.body, opened.entry.actor.id === act.approver)
  )
}

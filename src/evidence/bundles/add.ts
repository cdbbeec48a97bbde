/** Bundles that were read elsewhere, into a history. Invariant: as if each of their entries had been read here. @module */
import { HASH_BYTES } from '../../log/merkle.ts'
import { OwnMembers } from '../../log/receipt-texts.ts'
import { splitBundle } from '../../log/tiles.ts'
import type { History } from '../history.ts'
import { DIGESTS, NUMBERS, OTHER, type BundleOf } from './job.ts'

/** Reused, as its reader does. */
const own = new OwnMembers()
const hash = new Uint8Array(HASH_BYTES)

/** @param first index of its first entry @param onOther takes each entry that is no receipt like one before */
export function addBundle(
  history: History,
  first: number,
  { read, kinds }: BundleOf,
  onOther: (index: number, bytes: Uint8Array) => void,
): void {
  const { numbers, digests } = read
  const { entries: others } = splitBundle(read.others)
  const actions = read.actions.split('\n')
  let row = 0
  for (let i = 0, other = 0; i < read.kinds.length; i++) {
    const number = read.kinds[i] ?? OTHER
    if (number === OTHER) {
      onOther(first + i, others[other++] ?? new Uint8Array(0))
      continue
    }
    const kind = kinds.get(number)
    if (kind === undefined) throw new TypeError('a reader says what its numbers stand for')
    own.action = actions[row] ?? ''
    readNumbers(numbers, row * NUMBERS)
    for (let n = 0, at = row * DIGESTS * HASH_BYTES; n < HASH_BYTES; n++, at++) {
      own.args_commit[n] = digests[at] ?? 0
      own.prev_hash[n] = digests[at + HASH_BYTES] ?? 0
      hash[n] = digests[at + 2 * HASH_BYTES] ?? 0
    }
    own.kind = kind
    history.addLike(first + i, kind, own, hash)
    row++
  }
}

/** As the reader wrote them. */
function readNumbers(numbers: Float64Array, at: number): void {
  own.logged_ms = numbers[at] ?? 0
  own.time_ms = numbers[at + 1] ?? 0
  own.seq = numbers[at + 2] ?? 0
  own.age_ms = numbers[at + 3] ?? 0
  own.epoch = numbers[at + 4] ?? 0
  own.head = numbers[at + 5] ?? 0
  own.t = numbers[at + 6] ?? 0
}

/**
 * What receipts say again and again: everything but their place, time, action, commitment and freshness. Each
 * combination is held once, and receipts share it. @module
 */
import type { DecisionReceipt, OutcomeReceipt } from '../../log/receipt.ts'

type Own = 'point' | 'epoch' | 'seq' | 'prev_hash' | 'time' | 'action' | 'args_commit' | 'freshness'
export type DecisionShape = Omit<DecisionReceipt, Own>
export type OutcomeShape = Omit<OutcomeReceipt, Own>
export type Shape = DecisionShape | OutcomeShape

export class Shapes {
  readonly #ids = new Map<string, number>()
  readonly #all: Shape[] = []

  add(receipt: DecisionReceipt | OutcomeReceipt): number {
    const key = receipt.kind === 'decision' ? decisionKey(receipt) : outcomeKey(receipt)
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#all.push(shapeOf(receipt)) - 1
    this.#ids.set(key, id)
    return id
  }

  get all(): readonly Shape[] {
    return this.#all
  }

  at(id: number): Shape | undefined {
    return this.#all[id]
  }
}

/** Of what can hold any character the length is told, so that no two combinations have one key. */
function decisionKey(receipt: DecisionReceipt): string {
  const { chain, agent, grant, server, tool, definition_hash, decision, reasons, binding, placement } =
    receipt
  const { debits, canary, kill, manifest, approval, flow, basis } = receipt
  const rest =
    debits.length === 0 &&
    canary === undefined &&
    kill === undefined &&
    manifest === undefined &&
    approval === undefined &&
    flow === undefined &&
    basis === undefined
      ? ''
      : JSON.stringify([debits, kill, manifest, approval, flow, basis, canary])
  const why = reasons.length === 0 ? '' : JSON.stringify(reasons)
  return `${chain}${grant}${definition_hash}${decision}${binding}${placement} ${agent?.length}:${agent}${server.length}:${server}${tool.length}:${tool}${why}${rest}`
}

function outcomeKey({ outcome, basis }: OutcomeReceipt): string {
  return basis === undefined ? outcome : outcome + JSON.stringify(basis)
}

/** Members that a receipt has of its own. */
const OWN: ReadonlySet<string> = new Set<Own>([
  'point',
  'epoch',
  'seq',
  'prev_hash',
  'time',
  'action',
  'args_commit',
  'freshness',
])

function shapeOf(receipt: DecisionReceipt | OutcomeReceipt): Shape {
  return Object.fromEntries(Object.entries(receipt).filter(([name]) => !OWN.has(name))) as unknown as Shape
}

/**
 * The labels of held domains on the point's disk. spec/flow.md (FLW-17). A file that does not read is an empty one: what
 * it held then begins at the top.
 * Invariant: {@link KeptTaints.saved} resolves only once all that changed before it was called would survive a crash.
 * @module
 */
import { z } from 'zod'
import { CountersignError } from '../../core/errors.ts'
import { domainStatementSchema } from '../../core/domain.ts'
import { canonicalize, parseJson } from '../../core/json.ts'
import type { DataLabel } from '../../core/label.ts'
import type { TaintFile } from '../../ports/taint-file.ts'

export interface KeptTaint {
  readonly agent: string
  readonly epoch: number
  readonly turn: number
  readonly taint: DataLabel
}

/** Some ten thousand domains. */
const LIMITS = { bytes_max: 16 * 1024 * 1024, depth_max: 8 }

const { agent, epoch, turn, taint } = domainStatementSchema.shape
const keptSchema = z.strictObject({
  v: z.literal(1),
  domains: z.array(z.strictObject({ agent, epoch, turn, taint })),
})

export class KeptTaints {
  /** What an earlier process left. */
  readonly earlier: readonly KeptTaint[]
  readonly #file: TaintFile
  readonly #now: () => readonly KeptTaint[]
  #changes = 0
  #saved = 0
  #saving: Promise<void> | null = null

  /** @param now what is to be kept */
  constructor(file: TaintFile, now: () => readonly KeptTaint[]) {
    this.#file = file
    this.#now = now
    this.earlier = file.kept === null ? [] : read(file.kept)
  }

  /** Begins to save, in a later turn: what changes together is saved together. */
  changed(): void {
    this.#changes++
    void Promise.resolve()
      .then(() => this.saved())
      .catch(() => undefined) // whoever waits for it is told
  }

  /** @throws {SpoolError} `SPOOL_UNAVAILABLE` */
  async saved(): Promise<void> {
    const wanted = this.#changes
    while (this.#saved < wanted) {
      this.#saving ??= this.#save().finally(() => {
        this.#saving = null
      })
      await this.#saving
    }
  }

  async #save(): Promise<void> {
    const upTo = this.#changes
    const domains = this.#now().map(({ agent, epoch, turn, taint }) => ({ agent, epoch, turn, taint }))
    await this.#file.save(canonicalize({ v: 1, domains }))
    this.#saved = upTo
  }
}

function read(text: string): readonly KeptTaint[] {
  try {
    return keptSchema.parse(parseJson(text, LIMITS)).domains
  } catch (error) {
    if (error instanceof CountersignError || error instanceof z.ZodError) return []
    throw error
  }
}

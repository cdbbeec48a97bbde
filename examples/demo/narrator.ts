/** Tells the demo as a timeline: what was tried, what came of it. Quiet with `--json`. @module */
import { paint, tell } from '../../apps/cli/output.ts'

export class Narrator {
  readonly #quiet: boolean
  readonly #started = performance.now()

  constructor(quiet: boolean) {
    this.#quiet = quiet
  }

  chapter(title: string): void {
    this.#line(`\n${paint('bold', title, process.stderr)}`)
  }

  step(text: string): void {
    this.#line(`${this.#time()}  ${text}`)
  }

  allowed(what: string, note = ''): void {
    this.#line(
      `${this.#time()}  ${paint('green', 'ALLOW', process.stderr)}  ${what}${note === '' ? '' : `  (${note})`}`,
    )
  }

  denied(what: string, reasons: readonly string[]): void {
    this.#line(`${this.#time()}  ${paint('red', 'DENY ', process.stderr)}  ${what}  ${reasons.join(', ')}`)
  }

  good(what: string): void {
    this.#line(`${this.#time()}  ${paint('green', 'OK   ', process.stderr)}  ${what}`)
  }

  #time(): string {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(2)
    return paint('dim', `${seconds.padStart(6)} s`, process.stderr)
  }

  #line(text: string): void {
    if (!this.#quiet) tell(text)
  }
}

/** What every service that keeps findings does. spec/connectors.md (CNX-5 to CNX-8). @module */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FindingsError, type Finding } from '../../src/ports/findings.ts'
import { SECRET, type Staged } from '../fixtures/vendors/vendors.ts'

const NEVER = new AbortController().signal

function finding(n: number, kind: Finding['kind'], title = `${kind} ${n}`): Finding {
  return {
    id: `csn-${String(n).padStart(32, '0')}`,
    kind,
    title,
    lines: [`line of ${n}`, 'the opinion is the auditor’s'],
    url: 'https://evidence.example.com/pack.zip',
    properties: { kind, reference: `CSN-AC-0${n}`, has_deviation: true, deviations: n },
  }
}

export function findingsContract(name: string, stage: () => Promise<Staged>): void {
  describe(`${name} keeps findings`, () => {
    let staged: Staged
    let all: Finding[]
    const waits: number[] = []
    const pause = async (ms: number): Promise<void> => {
      waits.push(ms)
    }
    const titles = (): string[] => all.map(({ title }) => title).sort()
    const push = (o: Parameters<Staged['connect']>[0] = {}) =>
      staged.connect({ pause, ...o }).push(all, NEVER)
    const codeOf = async (o: Parameters<Staged['connect']>[0] = {}): Promise<string> => {
      const error = await push(o).catch((thrown: unknown) => thrown)
      if (!(error instanceof FindingsError)) throw new Error('it did not fail as it should', { cause: error })
      expect(error.message).not.toContain(SECRET)
      return error.code
    }

    beforeEach(async () => {
      staged = await stage()
      waits.length = 0
      const { takes } = staged.connect()
      const kinds = (['finding', 'control', 'pack'] as const).filter((kind) => takes.has(kind))
      all = [1, 2, 3, 4, 5].map((n) => finding(n, kinds[n % kinds.length] ?? 'finding'))
    })
    afterEach(() => staged.vendor.close())

    test('each once, and a second time not again', async () => {
      const first = await push()
      expect(staged.held().sort()).toEqual(titles())
      const second = await push()
      expect(staged.held().sort()).toEqual(titles())
      expect([first.sent, second.sent]).toEqual([5, 5])
      if (staged.counts)
        expect([first, second]).toMatchObject([
          { created: 5, updated: 0 },
          { created: 0, updated: 5 },
        ])
      else expect(first).toMatchObject({ created: null, updated: null })
    })

    test('up to date: what changed is changed where it is', async () => {
      await push()
      all = all.map((one, i) => (i === 2 ? { ...one, title: 'told otherwise' } : one))
      await push()
      expect(staged.held().sort()).toEqual(titles())
    })

    test('and completes what a push broke off', async () => {
      staged.vendor.faults.push({ status: 404, isOfWrites: true })
      expect(await codeOf()).toBe('FINDINGS_REFUSED')
      await push()
      expect(staged.held().sort()).toEqual(titles())
    })

    test('asks again when it is told to wait, as long as it is told', async () => {
      staged.vendor.faults.push({ status: 429, headers: { 'retry-after': '7' }, isOfWrites: true })
      await push()
      expect(waits).toEqual([7_000])
      expect(staged.held().sort()).toEqual(titles())
    })

    test('makes nothing twice when an answer was lost after it was carried out', async () => {
      staged.vendor.faults.push(
        { status: 503, when: 'after', isOfWrites: true },
        { status: 502, isOfWrites: true },
      )
      await push()
      expect(waits).toHaveLength(2)
      expect(staged.held().sort()).toEqual(titles())
    })

    test('gives up on a service that fails on and on, or wants a wait of an hour', async () => {
      staged.vendor.faults.push(...Array.from({ length: 5 }, () => ({ status: 500 })))
      expect(await codeOf()).toBe('FINDINGS_BUSY')
      staged.vendor.faults.push({ status: 429, headers: { 'retry-after': '3600' } })
      expect(await codeOf()).toBe('FINDINGS_BUSY')
    })

    test('says that credentials are wrong, and not what they are', async () => {
      expect(await codeOf({ secret: 'another' })).toBe('FINDINGS_UNAUTHORIZED')
    })

    test('sends credentials over TLS, or to this machine, and nowhere else', async () => {
      expect(() => staged.connect({ url: 'http://evidence.example.com' })).toThrow(/begins with https/)
      expect(() => staged.connect({ url: 'https://user:pass@evidence.example.com' })).toThrow(/without user/)
      staged.vendor.faults.push({ status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } })
      expect(await codeOf()).toBe('FINDINGS_REFUSED')
      expect(staged.vendor.requests).toHaveLength(1)
    })

    test('takes no answer that is no JSON, and says when nobody is there', async () => {
      staged.vendor.faults.push({ status: 200, text: '<html>welcome</html>' })
      expect(await codeOf()).toBe('FINDINGS_ANSWER_INVALID')
      expect(await codeOf({ url: 'http://127.0.0.1:1' })).toBe('FINDINGS_UNREACHABLE')
    })

    test('has nothing to say of nothing', async () => {
      expect((await staged.connect({ pause }).push([], NEVER)).sent).toBe(0)
    })
  })
}

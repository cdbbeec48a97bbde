/** Our own vectors of spec/drift.md, and that they are what their generator makes. @module */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileText, scoresVectors, streamVectors } from '../../vectors/drift/generate.ts'

const textOf = (name: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../vectors', name), 'utf8')

describe('the vectors of drift', () => {
  test('are what their generator makes, bit by bit', () => {
    expect(textOf('drift/scores.json')).toBe(fileText(scoresVectors()))
    expect(textOf('drift/streams.json')).toBe(fileText(streamVectors()))
  })

  test('reach every level, alarm in more than one channel, and fill a document', () => {
    const sessions = streamVectors().flatMap(({ expect: { sessions } }) => sessions)
    for (const level of ['none', 'watch', 'step_up', 'isolate'])
      expect(sessions.filter((one) => one.level === level).length).toBeGreaterThan(0)
    expect(new Set(sessions.flatMap(({ alarms }) => alarms)).size).toBeGreaterThan(1)
    expect(scoresVectors().some(({ expect: { left_out } }) => left_out > 0)).toBe(true)
  })

  test('are named in the README, with how many there are', () => {
    const n = scoresVectors().length + streamVectors().length
    expect(textOf('README.md')).toMatch(new RegExp(`drift/[^|]*\\|[^|]*\\| ${n} `))
  })
})

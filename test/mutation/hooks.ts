/**
 * Puts the mutants into the sources as they are loaded. Has to be imported before any of them.
 * @module
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mutate, SWITCH, type Mutant } from './mutants.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const MUTANTS: Mutant[] = []
/** Mutants that were asked for since this was emptied. */
export const reached = new Set<number>()
let on = 0

/** @param id 0: none */
export function switchOn(id: number): void {
  on = id
}

Object.assign(globalThis, {
  [SWITCH]: (id: number): boolean => {
    reached.add(id)
    return id === on
  },
})

/** @param isTarget told the path in the repository */
export function mutateWhenLoaded(isTarget: (path: string) => boolean): void {
  registerHooks({
    load: (url, context, next) => {
      if (!url.startsWith('file:')) return next(url, context)
      const path = relative(ROOT, fileURLToPath(url))
      if (!isTarget(path)) return next(url, context)
      const { text, mutants } = mutate(path, readFileSync(fileURLToPath(url), 'utf8'), MUTANTS.length + 1)
      MUTANTS.push(...mutants)
      return { format: 'module-typescript', source: text, shortCircuit: true }
    },
  })
}

/** What is wrong with a tree of a pack, as a finding. spec/pack.md. @module */
import type { FaultCode } from './fault-codes.ts'

export function treeFault(result: { code: string; index?: number; path?: string }): {
  code: FaultCode
  message: string
  index?: number
  file?: string
} {
  const where = {
    ...(result.index === undefined ? {} : { index: result.index }),
    ...(result.path === undefined ? {} : { file: result.path }),
  }
  switch (result.code) {
    case 'ENTRY_CHANGED':
      return {
        code: 'ENTRY_CHANGED',
        message: `entry ${result.index} is not the one that was logged`,
        ...where,
      }
    case 'ENTRY_MISSING':
      return { code: 'ENTRY_MISSING', message: `entry ${result.index} was removed`, ...where }
    default:
      return { code: 'TREE_INVALID', message: `the tree does not recompute: ${result.code}`, ...where }
  }
}

/** Names with the identifier in their place where there is none. Beside the identifier where something is signed. @module */
import { useNames as useNameMap } from '../../parts/names.ts'

export interface Names {
  /** The name, or the identifier where there is none. */
  of(id: string): string
  readonly all: Readonly<Record<string, string>>
}

export function useNames(): Names {
  const names = useNameMap()
  return { of: (id) => names.get(id) ?? id, all: Object.fromEntries(names) }
}

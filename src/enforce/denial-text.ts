/**
 * What a model is told of a denied call, where a framework wants one text. spec/sdk.md (SDK-5).
 * @module
 */
import type { Denied } from './guard.ts'

const UNDER_WAY = 'The call was under way when this came: the tool was told to stop, and may have done it.'

export function explainDenial({ text, underWay }: Pick<Denied, 'text' | 'underWay'>): string {
  return underWay ? `Denied. ${text}\n${UNDER_WAY}` : `Denied. ${text}`
}

/**
 * The auditor's three questions for one action: who authorized the agent, under what scope, where is the evidence?
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64url } from '../../core/encoding.ts'
import type { JsonObject } from '../../core/json.ts'
import { inclusionProof } from '../../log/merkle.ts'
import { tileNodes } from '../../log/reader.ts'
import { packTiles } from '../pack/archive.ts'
import { StoryBook, type Story } from './story.ts'
import type { VerifiedPack } from './verify.ts'

export interface ActionStory extends Omit<Story, 'entries'> {
  /** Each entry with its inclusion proof. */
  readonly evidence: readonly JsonObject[]
}

/** @returns null when the pack has no such action */
export async function actionStory(
  crypto: Crypto,
  pack: VerifiedPack,
  action: string,
): Promise<ActionStory | null> {
  const { history, checkpoint } = pack
  const found = new StoryBook(history, pack.allows, [action]).of(action)
  if (found === null || checkpoint === null) return null
  const { entries, ...story } = found
  const nodes = tileNodes(crypto, packTiles(pack.files), checkpoint.size)
  const evidence: JsonObject[] = []
  for (const index of entries) {
    const proof = await inclusionProof(crypto, nodes, index, checkpoint.size)
    evidence.push({ index, proof: proof.map(base64url) })
  }
  return { ...story, evidence }
}

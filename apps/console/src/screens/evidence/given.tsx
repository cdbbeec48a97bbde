/** What a company gives for a pack: what it says of itself, and an earlier pack to compare narratives with. @module */
import { FileInput, Group, Select } from '@mantine/core'
import { ApiFault } from '../../api/client.ts'
import { words } from '../../words/words.ts'
import type { PackBody, PackJob } from './read.ts'

const t = words.evidence.packs
const NARRATIVES_FILE = 'narratives.json'

export interface Given {
  readonly description: File | null
  /** A pack that the control plane keeps, by its identifier, or a file. */
  readonly earlier: string | File | null
}

export const NOTHING_GIVEN: Given = { description: null, earlier: null }

export function GivenFields({
  of,
  kept,
  onChange,
}: {
  of: Given
  kept: readonly PackJob[]
  onChange: (given: Given) => void
}) {
  const { description, earlier } = of
  return (
    <Group gap="sm" align="flex-end" role="group" aria-label={t.given}>
      <FileInput
        label={t.description}
        description={t.descriptionHint}
        placeholder={t.choose}
        accept=".yaml,.yml,.json"
        value={description}
        onChange={(file) => onChange({ ...of, description: file })}
        clearable
        w={300}
      />
      <Select
        label={t.earlier}
        description={t.earlierHint}
        placeholder={kept.length === 0 ? t.noneKept : t.noEarlier}
        data={kept.map(({ id, period: { from, to } }) => ({
          value: id,
          label: t.packOf(from.slice(0, 10), to.slice(0, 10)),
        }))}
        value={typeof earlier === 'string' ? earlier : null}
        onChange={(id) => onChange({ ...of, earlier: id })}
        disabled={kept.length === 0}
        clearable
        w={300}
      />
      <FileInput
        label={t.earlierFile}
        description={t.earlierFileHint}
        placeholder={t.choose}
        accept=".zip,application/zip"
        value={earlier instanceof File ? earlier : null}
        onChange={(file) => onChange({ ...of, earlier: file })}
        clearable
        w={300}
      />
    </Group>
  )
}

/** As the control plane takes it: of an earlier pack no more than its narratives leaves this browser. */
export async function givenBody({
  description,
  earlier,
}: Given): Promise<Pick<PackBody, 'description' | 'earlier'>> {
  return {
    ...(description === null ? {} : { description: await description.text() }),
    ...(earlier === null
      ? {}
      : {
          earlier:
            typeof earlier === 'string' ? { pack: earlier } : { narratives: await narrativesIn(earlier) },
        }),
  }
}

async function narrativesIn(pack: File): Promise<string> {
  const { openPack } = await import('../../../../../src/evidence/pack/archive.ts')
  const narratives = openPack(new Uint8Array(await pack.arrayBuffer())).readSync(NARRATIVES_FILE)
  if (narratives === null) throw new ApiFault('PACK_EARLIER_INVALID', t.noNarratives, 0)
  return new TextDecoder().decode(narratives)
}

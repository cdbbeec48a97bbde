/** A template in words: the grants as every page of ours says them, the rest name by name. @module */
import { Box, Stack } from '@mantine/core'
import { grantRows } from '../../../../server/pages/grants.js'
import { duration } from '../../../../server/pages/plain.js'
import { JsonPairs } from '../../parts/json-pairs.tsx'
import { Pairs } from '../../parts/values.tsx'
import { words } from '../../words/words.ts'
import type { Names } from '../../parts/names.ts'

const t = words.settings.templateWords

interface Row {
  readonly label: string
  readonly lines: readonly string[]
}

export function TemplateWords({
  template,
  names,
}: {
  template: Readonly<Record<string, unknown>>
  names: Names
}) {
  const { class: kind, ttl_s_max, depth_max, grants, approvals, ...rest } = template
  return (
    <Stack gap="sm">
      <Pairs
        of={[
          [t.class, kind === '*' ? t.everyClass : String(kind)],
          [t.ttl, typeof ttl_s_max === 'number' ? duration(ttl_s_max) : String(ttl_s_max)],
          [t.depth, depth_max === 0 ? t.noHops : String(depth_max)],
          [
            t.approvals,
            approvals === null ? t.oneAlone : <Quorum key="quorum" of={approvals} names={names} />,
          ],
          [t.grants, grants === null ? t.anyGrant : null],
        ]}
      />
      {Array.isArray(grants) &&
        grants.map((grant, index) => (
          <Box key={index} className="nested">
            <Pairs
              of={(grantRows(grant) as Row[]).map(({ label, lines }) => [
                label,
                <Stack key={label} gap={0}>
                  {lines.map((line) => (
                    <span key={line}>{line}</span>
                  ))}
                </Stack>,
              ])}
            />
          </Box>
        ))}
      {Object.keys(rest).length > 0 && <JsonPairs of={rest} names={names} />}
    </Stack>
  )
}

function Quorum({ of, names }: { of: unknown; names: Names }) {
  const { m, of: people } = of as { m?: number; of?: readonly string[] }
  return <>{t.quorum(m ?? 0, (people ?? []).map((id) => names.get(id) ?? id).join(', '))}</>
}

/** What is put together so far, in words, and where it is narrower than the template. @module */
import { List, Stack, Text, Title } from '@mantine/core'
import { duration } from '../../../../server/pages/plain.js'
import { words } from '../../words/words.ts'
import { Part } from '../activity/action.tsx'
import { GrantView } from './grant-view.tsx'
import { grantOf } from './grant-form.ts'
import type { Asked } from './new-parts.tsx'
import { narrowed, type Template } from './template.ts'

const t = words.delegations.new

export function Preview({ asked, template }: { asked: Asked; template: Template }) {
  const grants = asked.grants.flatMap((form) => {
    const grant = grantOf(form)
    return grant === null ? [] : [{ key: form.key, grant, narrower: narrowed(grant, form.base) }]
  })
  return (
    <Stack className="stays">
      <Part title={t.preview}>
        {grants.length === 0 && <Text c="dimmed">{t.incomplete}</Text>}
        {grants.map(({ key, grant, narrower }) => (
          <GrantView
            key={key}
            grant={grant}
            changed={Object.fromEntries(
              Object.entries(narrower).map(([label, was]) => [
                label,
                t.was(was.join('; ') || words.values.none),
              ]),
            )}
          />
        ))}
        <Title order={3} size="h4">
          {t.diff}
        </Title>
        <Against asked={asked} template={template} narrowedGrants={grants.map(({ narrower }) => narrower)} />
      </Part>
    </Stack>
  )
}

function Against({
  asked: { ttl_s, depth_max, grants },
  template,
  narrowedGrants,
}: {
  asked: Asked
  template: Template
  narrowedGrants: readonly Readonly<Record<string, readonly string[]>>[]
}) {
  const left =
    template.grants === null
      ? 0
      : template.grants.filter((base) => grants.every((one) => one.base !== base)).length
  const lines = [
    ...narrowedGrants.flatMap((one, i) => Object.keys(one).map((label) => t.narrowedGrant(i + 1, label))),
    ...(left > 0 ? [t.leftOut(left)] : []),
    ...(ttl_s < template.ttl_s_max ? [t.shorter(duration(ttl_s), duration(template.ttl_s_max))] : []),
    ...(depth_max < template.depth_max ? [t.lessDeep(depth_max, template.depth_max)] : []),
    ...(template.grants === null && grants.length > 0 ? [t.anyGrant] : []),
  ]
  if (lines.length === 0) return <Text size="sm">{t.same}</Text>
  return (
    <List size="sm" spacing={4}>
      {lines.map((line) => (
        <List.Item key={line}>{line}</List.Item>
      ))}
    </List>
  )
}

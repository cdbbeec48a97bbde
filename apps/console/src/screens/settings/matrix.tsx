/** The permission matrix, from the very list that decides every request (src/core/permissions.ts). @module */
import { Stack, Table, Text, Tooltip, VisuallyHidden } from '@mantine/core'
import { Check } from 'lucide-react'
import { PERMISSIONS } from '../../../../../src/core/permissions.ts'
import { holds } from '../../../../../src/core/permitted.ts'
import { ROLE_NAMES, ROLES } from '../../../../../src/core/roles.ts'
import { Section } from '../../parts/section.tsx'
import { words } from '../../words/words.ts'

const t = words.settings.people

export function Matrix() {
  return (
    <Section title={t.tabs.matrix} lead={t.matrixText}>
      <Table.ScrollContainer minWidth={900}>
        <Table verticalSpacing={6} highlightOnHover withColumnBorders stickyHeader aria-label={t.tabs.matrix}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t.permission}</Table.Th>
              {ROLE_NAMES.map((role) => (
                <Table.Th key={role} scope="col" ta="center">
                  <Tooltip
                    label={ROLES[role]}
                    multiline
                    maw={280}
                    events={{ hover: true, focus: true, touch: true }}
                  >
                    <span tabIndex={0}>{role}</span>
                  </Tooltip>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {PERMISSIONS.map((permission) => (
              <Table.Tr key={permission.name}>
                <Table.Th scope="row" fw={400}>
                  <Stack gap={0}>
                    <Text size="sm">{permission.what}</Text>
                    <Tooltip
                      label={permission.operations.join('\n')}
                      multiline
                      maw={420}
                      className="lines"
                      events={{ hover: true, focus: true, touch: true }}
                    >
                      <Text size="xs" c="dimmed" tabIndex={0} w="fit-content">
                        {permission.name}, {t.operations(permission.operations.length)}
                      </Text>
                    </Tooltip>
                  </Stack>
                </Table.Th>
                {ROLE_NAMES.map((role) => (
                  <Table.Td key={role} ta="center">
                    {holds(permission, [role]) ? (
                      <>
                        <Check size={16} aria-hidden />
                        <VisuallyHidden>{t.allowed}</VisuallyHidden>
                      </>
                    ) : (
                      <VisuallyHidden>{t.refused}</VisuallyHidden>
                    )}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  )
}

import { Table, Text } from "@mantine/core";
import type { Schemas } from "../../../api/api";
import { EffectList } from "../tools/EffectSummary";

/** What each code tool can do, read from its code before it runs (rule T12). */
export function EffectSummary({ effects }: { effects: readonly Schemas["ToolEffectsReply"][] }) {
  if (effects.length === 0) return <Text c="dimmed">This agent has no code tools, so nothing can change in your systems.</Text>;
  return (
    <Table.ScrollContainer minWidth={280}>
      <Table>
        <caption className="visually-hidden">What each tool reads, writes and calls</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Tool</Table.Th>
            <Table.Th scope="col">What it can do</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {effects.map(({ tool, effects: of }) => (
            <Table.Tr key={tool}>
              <Table.Th scope="row" style={{ verticalAlign: "top", fontWeight: 500 }}>
                {tool}
              </Table.Th>
              <Table.Td>
                <EffectList effects={of} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

import { Code, Table, Text } from "@mantine/core";
import { type JsonObject, KIND_WORDS, parametersOf } from "./parameters";

/** Parameters to read. */
export function ParameterTable({ schema, caption }: { schema: JsonObject; caption: string }) {
  const rows = parametersOf(schema);
  if (rows === null) return <Code block>{JSON.stringify(schema, null, 2)}</Code>;
  if (rows.length === 0) return <Text c="dimmed">No arguments.</Text>;
  return (
    <Table.ScrollContainer minWidth={420} type="native" style={{ position: "relative" }}>
      <Table captionSide="top">
        <Table.Caption className="visually-hidden">{caption}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Argument</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th>What it is</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              <Table.Td>
                <Code>{row.name}</Code>
                {row.isRequired && (
                  <Text size="xs" c="dimmed">
                    required
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{KIND_WORDS[row.kind]}</Table.Td>
              <Table.Td>
                {row.description}
                {row.choices.length > 0 && (
                  <Text size="xs" c="dimmed">
                    {row.choices.filter(Boolean).join(", ")}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

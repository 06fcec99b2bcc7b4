import { createPolymorphicComponent, Paper, type PaperProps } from "@mantine/core";

/** A raised surface on the page. */
function PanelSurface({ style, ...props }: PaperProps) {
  return <Paper bg="var(--callstage-surface)" radius="md" p="lg" style={[{ boxShadow: "var(--callstage-raised)" }, style]} {...props} />;
}

export const Panel = createPolymorphicComponent<"div", PaperProps>(PanelSurface);

/** One accent, a real type scale, an 8-px rhythm. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const signal: MantineColorsTuple = [
  "#ecfdf8",
  "#d3f6ec",
  "#a6ecd9",
  "#74e0c3",
  "#46cfab",
  "#24b492",
  "#129277",
  "#0d7763",
  "#0c5f51",
  "#0a4a40",
];

/** Cool greys, the same hue as the light theme's. */
const dark: MantineColorsTuple = [
  "#dde1e5",
  "#b9c1c9",
  "#98a2ac",
  "#727c86",
  "#3a4047",
  "#2b3036",
  "#22262b",
  "#1a1d21",
  "#131518",
  "#0d0f11",
];

/** Dialogs, in the middle and at the side. */
const dialog = {
  defaultProps: { padding: "lg", closeButtonProps: { "aria-label": "Close" } },
  styles: {
    title: { fontWeight: 600, fontSize: "1rem" },
    content: { background: "var(--callstage-surface)" },
    header: { background: "var(--callstage-surface)" },
  },
};

export const theme = createTheme({
  colors: { signal, dark },
  black: "#14181c",
  primaryColor: "signal",
  // White on it has 5.6:1 in both themes.
  primaryShade: 7,
  autoContrast: true,
  luminanceThreshold: 0.3,
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.333", sm: "1.4", md: "1.43", lg: "1.5", xl: "1.4" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.875rem" },
      h2: { fontSize: "1rem", lineHeight: "1.5rem" },
      h3: { fontSize: "0.875rem", lineHeight: "1.25rem" },
    },
  },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  defaultRadius: "md",
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" }, styles: { root: { fontWeight: 550 } } },
    TextInput: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm", autosize: true, minRows: 2 } },
    Select: { defaultProps: { size: "sm", allowDeselect: false } },
    NumberInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    InputWrapper: { styles: { label: { fontWeight: 500, marginBottom: 4 }, description: { marginBottom: 4 } } },
    Badge: {
      defaultProps: { variant: "light", radius: "sm" },
      styles: { root: { textTransform: "none", fontWeight: 500, letterSpacing: 0 } },
    },
    Tooltip: { defaultProps: { openDelay: 300, multiline: true, maw: 320, fz: "xs", px: 8, py: 4 } },
    // The placeholder is a focusable child without a role: menus may not have one.
    Menu: { defaultProps: { shadow: "md", radius: "md", withInitialFocusPlaceholder: false } },
    Modal: { ...dialog, defaultProps: { ...dialog.defaultProps, centered: true, overlayProps: { backgroundOpacity: 0.4 } } },
    Drawer: { ...dialog, defaultProps: { ...dialog.defaultProps, position: "right", overlayProps: { backgroundOpacity: 0.25 } } },
    // What is too long for a line is cut inside it, so that its copy button stays in sight.
    Alert: { styles: { body: { minWidth: 0 } } },
    Anchor: { defaultProps: { underline: "hover" } },
  },
});

/** Quiet text keeps 4.5:1 on every surface (rule UI4); Mantine's own dimmed grey does not. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { "--callstage-rail-width": "232px" },
  light: {
    "--mantine-color-body": "#f7f8f8",
    "--mantine-color-dimmed": "#59636d",
    "--mantine-color-placeholder": "#68727d",
    "--callstage-surface": "#ffffff",
    "--callstage-line": "#e3e6e8",
    "--callstage-line-soft": "#eff1f2",
    "--callstage-hover": "#f4f6f6",
    "--callstage-raised": "0 0 0 1px rgb(20 24 28 / 6%), 0 1px 2px rgb(20 24 28 / 5%)",
    "--callstage-accent-ink": "#0b6655",
    "--callstage-warn-ink": "#8a5300",
    // Mantine's red of messages and quiet buttons has 3.3:1 on white.
    "--mantine-color-error": "#c92a2a",
    "--mantine-color-red-6": "#c92a2a",
    "--mantine-color-orange-light-color": "#8a3c00",
  },
  dark: {
    "--mantine-color-body": "#131518",
    "--mantine-color-dimmed": "#a0aab4",
    "--mantine-color-placeholder": "#98a2ac",
    "--callstage-surface": "#1a1d21",
    "--callstage-line": "#2b3036",
    "--callstage-line-soft": "#24282d",
    "--callstage-hover": "#20242a",
    "--callstage-raised": "0 0 0 1px rgb(255 255 255 / 6%)",
    "--callstage-accent-ink": "#46cfab",
    "--callstage-warn-ink": "#f0b45b",
    "--mantine-color-error": "#ff8787",
    "--mantine-color-red-6": "#ff8787",
  },
});

// Before the first paint: the theme chosen last time, so that nothing flashes. Mantine keeps it under this name.
try {
  const chosen = localStorage.getItem("mantine-color-scheme-value");
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
} catch {
  // Without storage the system's theme is used.
}

/* Before anything is drawn: the theme that was chosen here, so that nothing flashes. */
{
  const chosen = localStorage.getItem("switchboard-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}

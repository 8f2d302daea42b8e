// The one script that the page names: it unpacks the program, whose hash the page's policy names beside its own.

inflated(document.getElementById("chalkwork-program").textContent).then((program) => {
  const script = document.createElement("script");
  script.type = "module";
  script.textContent = program;
  document.body.append(script);
});

"""Counts what ran in a `bazel test --build_event_json_file=FILE`.

usage: count_tests.py FILE

Each case of GoogleTest counts, each script counts as one. Prints why a case was
skipped, and at last the line `PASSED FAILED SKIPPED`.
"""

import json
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree


def results(path):
  """Yields label, whether it passed and the test.xml of every test run."""
  last = {}  # Of a test that was tried again, the last attempt counts.
  with open(path, encoding="utf-8") as events:
    for event in map(json.loads, events):
      test = event["id"].get("testResult")
      if test and "testResult" in event:
        last[test["label"], test.get("run"), test.get("shard")] = event
  for (label, _, _), event in last.items():
    result = event["testResult"]
    files = {f["name"]: f["uri"] for f in result.get("testActionOutput", [])}
    yield label, result["status"] == "PASSED", files.get("test.xml")


def skip_reasons(case, suite):
  """Returns the reasons if `case` was skipped, else nothing."""
  # GoogleTest's own words begin with the place in the code.
  reasons = [s.get("message") or s.text or "" for s in case.iter("skipped")]
  reasons = [r.split("\n", 1)[-1] for r in reasons]
  for output in suite.iter("system-out"):
    reasons += [
        line.removeprefix("SKIPPED: ")
        for line in (output.text or "").splitlines()
        if line.startswith("SKIPPED: ")
    ]
  return [" ".join(r.split()) for r in reasons]


def main(path):
  passed = failed = skipped = 0
  for label, ok, uri in results(path):
    failed_before = failed
    try:
      file = urllib.request.url2pathname(urllib.parse.urlparse(uri or "").path)
      suites = list(xml.etree.ElementTree.parse(file).iter("testsuite"))
    except (OSError, xml.etree.ElementTree.ParseError):
      suites = []
      passed += ok
    for suite in suites:
      for case in suite.iter("testcase"):
        if case.get("status") == "notrun" or case.get("result") == "suppressed":
          continue  # Disabled, or left out by a filter.
        reasons = skip_reasons(case, suite)
        if case.find("failure") is not None or case.find("error") is not None:
          failed += 1
          print(f"failed: {label} {case.get('name')}")
        elif reasons:
          skipped += 1
          print(f"skipped: {label} {case.get('name')}: {'; '.join(reasons)}")
        else:
          passed += 1
    if not ok and failed == failed_before:
      failed += 1  # It crashed, ran out of time, or left something behind.
      print(f"failed: {label}")
  print(passed, failed, skipped)


if __name__ == "__main__":
  main(sys.argv[1])

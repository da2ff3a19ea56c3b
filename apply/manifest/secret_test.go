package manifest_test

import (
	"strings"
	"testing"
)

// TestAnErrorNeverShowsAValueOfASecret breaks a Secret in every way that is at hand. hunter2 is the value.
func TestAnErrorNeverShowsAValueOfASecret(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
	for text, want := range map[string]string{
		secret + "data:\n  password: hunter2!\n":                                    "a.yaml:6: data.password: not base64; plain text goes under stringData",
		secret + "data:\n  password: [hunter2]\n":                                   "a.yaml:6: data.password: want a text, this is a list",
		secret + "data: hunter2\n":                                                  "a.yaml:5: data: want a map, this is a text",
		secret + "data: [hunter2]\n":                                                "a.yaml:5: data: want a map, this is a list",
		secret + "stringData:\n  pin: 42777\n":                                      "a.yaml:6: stringData.pin: want a text, this is a number; quote it",
		secret + "stringData:\n  password: *hunter2\n":                              "a.yaml:6: not valid YAML: an alias (*name) of an anchor that is not there; quote text that begins with *",
		secret + "stringData:\n  password: !hunter2 x\n":                            "a.yaml:6: a tag (!name) is not allowed here; quote text that begins with !",
		secret + "stringData:\n  password: %hunter2\n":                              "a.yaml:6: not valid YAML: found character that cannot start any token",
		secret + "stringData:\n  password: \"hunter2\n":                             "a.yaml:6: not valid YAML: found unexpected end of stream",
		secret + "stringData:\n  password: \"hunter2\\q\"\n":                        "a.yaml:6: not valid YAML: found unknown escape character",
		secret + "stringData:\n  password: hunter2: x\n":                            "a.yaml:6: not valid YAML: mapping values are not allowed in this context",
		secret + "stringData:\n  password: {hunter2: {}, a}\n":                      "a.yaml:6: stringData.password: want a text, this is a map",
		secret + "stringData:\n  password: {{ hunter2 }}\n":                         "a.yaml:6: a template expression {{ }} was left in; render it before the commit",
		secret + "stringData:\n  ? [hunter2]\n  : a\n":                              "a.yaml:6: a key must be text",
		secret + "stringData:\n  password: |\n hunter2\n":                           "a.yaml:7: not valid YAML: did not find expected key",
		secret + "type: [hunter2]\nstringData: {a: b}\nx: &hunter2 {x: *hunter2}\n": "a.yaml:7: an alias inside of what it stands for",
	} {
		got := refused(t, folder("a.yaml", text)).Error()
		if strings.Contains(got, "hunter2") || strings.Contains(got, "42777") {
			t.Errorf("the value is in: %s", got)
		}
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestASecretThatIsRightIsRead(t *testing.T) {
	set := read(t, folder("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: aHVudGVyMg==, none: ''}\n"))
	if set.Manifests[0].ID.Kind != "Secret" {
		t.Errorf("got %v", set.Manifests[0].ID)
	}
}

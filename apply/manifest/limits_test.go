package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

// bombs returns what is small to write and large to take: a file's name, its text, and what it is refused with.
func bombs() [][3]string {
	const tooMany = "more than 100000 keys and values"
	return [][3]string{
		{"a.yaml", laughs(), "a.yaml:5: " + tooMany + ", or 1048576 bytes of them, in one document"},
		{"a.yaml", "a: &a " + strings.Repeat("x", 500_000) + "\nb: [" + strings.Repeat("*a,", 1000) + "*a]\n", "a.yaml:2: " + tooMany},
		{"a.yaml", "a: &a\n  b: *a\n", "a.yaml:2: an alias inside of what it stands for"},
		{"a.yaml", chain(), "a.yaml:100: nested more than 100 deep"},
		{"a.yaml", "a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "a.yaml:1: nested more than 100 deep"},
		{"a.yaml", "a:\n" + strings.Repeat("- ", 9000) + "a\n", "a.yaml:2: nested more than 100 deep"},
		{"a.yaml", ladder(700), "a.yaml:100: nested more than 100 deep"},
		{"a.yaml", "a: " + strings.Repeat("[", 1_000_000), "a.yaml:1: " + tooMany},
		{"a.yaml", "a: " + strings.Repeat("[", 20_000), "a.yaml:1: not valid YAML: exceeded max depth of 10000"},
		{"a.yaml", "a: [" + strings.Repeat("a,", 500_000) + "]\n", "a.yaml:1: " + tooMany},
		{"a.yaml", "a: \"x\n  b: |\n   \"\n" + strings.Repeat("   [a,a,a,a,a,a,a]\n", 50_000), "a.yaml:1: " + tooMany},
		{"a.yaml", strings.Repeat("a\n---\n", 170_000), "a.yaml: more than 5000 documents in all"},
		{"a.json", `{"a":` + strings.Repeat("[", 9000), "a.json:1: nested more than 100 deep"},
		{"a.json", `{"a":[` + strings.Repeat("1,", 500_000) + "1]}", "a.json: " + tooMany + " in one JSON file"},
		{"a.json", strings.Repeat("1\n", 50_000), "a.json: more than 5000 documents in all"},
	}
}

// laughs is ten times ten times ten, nine times.
func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d%s]\n", i+1, i+1, i, strings.Repeat(fmt.Sprintf(",*a%d", i), 9))
	}
	return b.String()
}

// chain nests by aliases alone, each line one deeper than the one before.
func chain() string {
	var b strings.Builder
	b.WriteString("b0: &b0 {}\n")
	for i := range 120 {
		fmt.Fprintf(&b, "b%d: &b%d {x: *b%d}\n", i+1, i+1, i)
	}
	return b.String()
}

// ladder nests by indentation.
func ladder(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestBombsAreRefusedWithLittleMemory(t *testing.T) {
	for _, bomb := range bombs() {
		files := folder(bomb[0], bomb[1])
		var got string
		allocated := allocates(func() { got = refused(t, files).Error() })
		if !strings.HasPrefix(got, bomb[2]) {
			t.Errorf("got %s, want %s", got, bomb[2])
		}
		if allocated > 20<<20 {
			t.Errorf("%s took %d MiB", bomb[2], allocated>>20)
		}
	}
}

// allocates returns the bytes that do asks for, given back since or not: what it holds at any time is less.
func allocates(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestAliasesOfManyDocumentsAddUp has documents that are each below the limits.
func TestAliasesOfManyDocumentsAddUp(t *testing.T) {
	row := "x: &x [" + strings.Repeat("1,", 1100) + "1]\n" + "z: [" + strings.Repeat("*x,", 80) + "*x]\n"
	var b strings.Builder
	for i := range 50 {
		fmt.Fprintf(&b, "---\n%s-%d\n%s", strings.TrimSuffix(named, "\n"), i, row)
	}
	all := refused(t, folder("a.yaml", b.String()))
	if want := "a.yaml:79: document 12: more than 1000000 keys and values, or 10485760 bytes of them, in all"; all.Error() != want {
		t.Errorf("got %s, want %s", all, want)
	}
}

func TestADashboardInAConfigMapIsNotTooMuch(t *testing.T) {
	panel := strings.Repeat(`    {"id": 1, "type": "graph", "targets": [{"expr": "up", "refId": "A"}]},`+"\n", 12_000)
	set := read(t, folder("a.yaml", named+"  labels: {app: \"grafana\"}\ndata:\n  board.json: |\n"+panel+"  more: x\n"))
	data := set.Manifests[0].Object.Object["data"].(map[string]any)
	if len(data) != 2 || len(data["board.json"].(string)) != len(panel)-4*12_000 {
		t.Errorf("%d keys", len(data))
	}
}

func TestOneHundredDeepIsNotTooDeep(t *testing.T) {
	nested := strings.Repeat("[", manifest.MaxDepth-2) + "1" + strings.Repeat("]", manifest.MaxDepth-2)
	read(t, folder("a.yaml", named+"x: "+nested+"\n"))
	all := refused(t, folder("a.yaml", named+"x: ["+nested+"]\n"))
	if want := "a.yaml:5: nested more than 100 deep"; all.Error() != want {
		t.Errorf("got %s, want %s", all, want)
	}
}

func TestFiveThousandObjectsAreReadAndOneMoreIsNot(t *testing.T) {
	list := func(n int) fstest.MapFS {
		var b strings.Builder
		b.WriteString("apiVersion: v1\nkind: List\nitems:\n")
		for i := range n {
			fmt.Fprintf(&b, "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a-%d}}\n", i)
		}
		return folder("a.yaml", b.String())
	}
	if n := len(read(t, list(manifest.MaxObjects)).Manifests); n != manifest.MaxObjects {
		t.Errorf("%d objects", n)
	}
	if got, want := refused(t, list(manifest.MaxObjects+1)).Error(), "a.yaml:5004: more than 5000 objects in all"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// sealed is a folder whose manifests must not be opened.
type sealed struct {
	fstest.MapFS
	t *testing.T
}

func (s sealed) Open(name string) (fs.File, error) {
	if s.MapFS[name] != nil {
		s.t.Errorf("%s was opened", name)
	}
	return s.MapFS.Open(name)
}

func TestWhatIsTooLargeIsRefusedUnread(t *testing.T) {
	files := func(n, size int) fs.FS {
		all, one := fstest.MapFS{}, &fstest.MapFile{Data: make([]byte, size)}
		for i := range n {
			all[strconv.Itoa(i)+".yaml"] = one
		}
		return sealed{all, t}
	}
	for want, tree := range map[string]fs.FS{
		"0.yaml: larger than 1048576 bytes":           files(1, manifest.MaxFileSize+1),
		"manifests larger than 10485760 bytes in all": files(11, manifest.MaxFileSize),
		"more than 10000 files with manifests":        files(manifest.MaxFiles+1, 0),
	} {
		if _, err := manifest.Read(t.Context(), tree); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// grown is a folder whose files are larger than their FileInfo says.
type grown struct{ fstest.MapFS }

func (g grown) Open(name string) (fs.File, error) {
	if name == "a.yaml" {
		return folder(name, strings.Repeat("#", manifest.MaxFileSize+1)).Open(name)
	}
	return g.MapFS.Open(name)
}

func TestAFileThatGrowsMeanwhileIsRefused(t *testing.T) {
	_, err := manifest.Read(t.Context(), grown{folder("a.yaml", "")})
	var all manifest.Errors
	if !errors.As(err, &all) || err.Error() != "a.yaml: larger than 1048576 bytes" {
		t.Errorf("got %v", err)
	}
}

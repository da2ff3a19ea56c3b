package git_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// partsServer is a server that sends parts, and counts the packs that it sends and their bytes.
type partsServer struct {
	server
	packs, bytes atomic.Int64
	dead         atomic.Bool
	refuses      atomic.Bool // parts, whatever it says
}

func newPartsServer(t testing.TB) *partsServer {
	t.Helper()
	s := &partsServer{server: newServer(t)}
	s.bare.run("config", "uploadpack.allowAnySHA1InWant", "true")
	s.bare.run("config", "uploadpack.allowFilter", "true")
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + "/"
	return s
}

func (s *partsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.packs.Add(1)
		text, err := io.ReadAll(r.Body)
		if err != nil || s.refuses.Load() && !strings.Contains(string(text), "deepen") {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(text)))
	}
	if s.dead.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	s.handler.ServeHTTP(counted{w, &s.bytes}, r)
}

// counted counts what an answer holds.
type counted struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

// sent returns how many packs were sent since.
func (s *partsServer) sent() int64 { return s.packs.Swap(0) }

// files has the server hold a repository of so many files of different contents, 20 in a folder, and returns its commit.
func (s *partsServer) files(n int) string {
	s.t.Helper()
	var changes strings.Builder
	for i := range n {
		inline(&changes, fmt.Sprintf("team/app-%02d/%d.yaml", i/20, i), fmt.Sprintf("number: %d\n%s\n", i, noise(100)))
	}
	return s.change(changes.String())
}

func inline(changes *strings.Builder, name, text string) {
	fmt.Fprintf(changes, "M 100644 inline %s\ndata %d\n%s\n", name, len(text), text)
}

// change commits what lines of fast-import say, on the server itself.
func (s *partsServer) change(lines string) string {
	s.t.Helper()
	from := ""
	if s.bare.run("branch", "--list", "main") != "" {
		from = "from refs/heads/main^0\n"
	}
	s.bare.fastImport("commit refs/heads/main\ncommitter Ben <b@example.com> 1 +0000\ndata 1\nx\n" + from + lines)
	return s.bare.run("rev-parse", "main")
}

// expecting opens the repository for those who read the folders.
func (s *partsServer) expecting(folders ...string) *git.Repository {
	s.t.Helper()
	r := openWith(s.t, git.Options{URL: s.url, Dir: s.t.TempDir()})
	r.Expect(folders...)
	return r
}

func TestAFirstCopyHoldsTheFoldersThatAreRead(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	hash := s.files(1000)
	whole := fetch(t, s.expecting(), hash)
	all := s.bytes.Swap(0)
	s.sent()
	snapshot := fetch(t, s.expecting("team/app-07", "team/app-11/*", "none/such"), hash)
	if got := s.bytes.Load(); got > all/8 {
		t.Errorf("%d bytes for 40 of 1,000 files, %d for all", got, all)
	}
	if got := s.sent(); got != 3 { // the commit, team, both folders
		t.Errorf("%d packs", got)
	}
	s.dead.Store(true)
	for _, folder := range []string{"team/app-07", "team/app-11"} {
		equalFiles(t, snapshot, whole, folder)
	}
	if _, err := snapshot.Files("none/such"); !errors.Is(err, git.ErrPathNotFound) {
		t.Errorf("none/such: %v", err)
	}
}

// equalFiles wants two snapshots to read the same in a folder, in both ways.
func equalFiles(t *testing.T, a, b git.Snapshot, folder string) {
	t.Helper()
	read := func(s git.Snapshot) (texts []string) {
		files, err := s.Files(folder)
		if err != nil {
			t.Fatal(err)
		}
		root := s.Root()
		defer func() { _ = root.Close() }()
		sub, err := fs.Sub(root, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, files := range []fs.FS{files, sub} {
			err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				text, err := fs.ReadFile(files, name)
				texts = append(texts, name+": "+string(text))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return texts
	}
	if one, other := read(a), read(b); !slices.Equal(one, other) || len(one) == 0 {
		t.Errorf("%s: %d texts and %d, which are not the same", folder, len(one), len(other))
	}
}

func TestAPushToACopyOfPartsTakesOnePack(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	r := s.expecting("team/app-07")
	fetch(t, r, s.files(1000))
	s.sent()
	// Beside the folder as well, where the difference is to what the copy does not hold.
	var changes strings.Builder
	inline(&changes, "team/app-09/180.yaml", s.bare.run("show", "main:team/app-09/180.yaml")+"\nmore: 1\n")
	inline(&changes, "team/app-07/140.yaml", "changed: 1\n")
	snapshot := fetch(t, r, s.change(changes.String()))
	if got := s.sent(); got != 1 {
		t.Errorf("%d packs", got)
	}
	s.dead.Store(true)
	if got := content(t, snapshot, "team/app-07", "140.yaml"); got != "changed: 1\n" {
		t.Errorf("reads %q", got)
	}
}

func TestAFolderThatMovesIntoSightIsFetched(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	r := s.expecting("team/app-07")
	fetch(t, r, s.files(1000))
	snapshot := fetch(t, r, s.change("R team/app-20 team/app-07/below\n"))
	s.dead.Store(true)
	if got := content(t, snapshot, "team/app-07", "below/400.yaml"); !strings.HasPrefix(got, "number: 400\n") {
		t.Errorf("reads %q", got)
	}
}

func TestWhatWasNotExpectedIsFetchedWhenItIsRead(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	r := s.expecting("team/app-07")
	hash := s.files(1000)
	whole := fetch(t, s.expecting(), hash)
	snapshot := fetch(t, r, hash)
	s.sent()
	root := snapshot.Root()
	defer func() { _ = root.Close() }()
	if text, err := root.ReadFile("team/app-13/260.yaml"); err != nil || !strings.HasPrefix(string(text), "number: 260\n") {
		t.Errorf("reads %q, %v", text, err)
	}
	if got := s.sent(); got != 2 { // the folder's list, and its files
		t.Errorf("%d packs for a file", got)
	}
	s.dead.Store(true)
	equalFiles(t, snapshot, whole, "team/app-13") // came with it
	if _, err := snapshot.Files("team/app-14"); !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "team/app-14: server answered 503") {
		t.Errorf("of a dead server: %v", err)
	}
	if hashes, err := snapshot.Hashes([]string{"team/app-14", "team/app-15/300.yaml"}); err != nil ||
		hashes["team/app-14"] == git.Unreadable || hashes["team/app-15/300.yaml"] != git.Unreadable {
		t.Errorf("hashes %q, %v", hashes, err)
	}
	s.dead.Store(false)
	fetch(t, r, hash)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := snapshot.Until(ctx).Files("team/app-14"); !errors.Is(err, context.Canceled) {
		t.Errorf("of who does not wait: %v", err)
	}
	for i := range 20 {
		equalFiles(t, snapshot, whole, fmt.Sprintf("team/app-%d", 10+i))
	}
	if got := s.sent(); got > 11 {
		t.Errorf("%d packs for 20 folders", got)
	}
}

func TestACopyOfPartsIsGoneOnWithByAnotherDaemon(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	hash := s.files(1000)
	dir := t.TempDir()
	first := openWith(t, git.Options{URL: s.url, Dir: dir})
	first.Expect("team/app-07")
	fetch(t, first, hash)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	s.sent()
	second := openWith(t, git.Options{URL: s.url, Dir: dir})
	second.Expect("team/app-08") // another than before
	snapshot := fetch(t, second, hash)
	s.dead.Store(true)
	content(t, snapshot, "team/app-07", "140.yaml")
	content(t, snapshot, "team/app-08", "160.yaml")
	s.dead.Store(false)
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Files("team/app-09"); !errors.Is(err, git.ErrUnavailable) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAServerThatSendsNoPartsSendsAll(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*partsServer){
		"does not offer it":    func(s *partsServer) { s.bare.run("config", "uploadpack.allowFilter", "false") },
		"gives commits alone":  func(s *partsServer) { s.bare.run("config", "uploadpack.allowAnySHA1InWant", "false") },
		"refuses some filters": func(s *partsServer) { s.bare.run("config", "uploadpackfilter.tree.allow", "false") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPartsServer(t)
			change(s)
			r := s.expecting("team/app-07")
			snapshot := fetch(t, r, s.files(100))
			s.dead.Store(true)
			content(t, snapshot, "team/app-01", "20.yaml")
		})
	}
}

func TestNoCopyOfPartsIsLeftWhereItCannotBeCompleted(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	s.refuses.Store(true)
	dir := t.TempDir()
	r := openWith(t, git.Options{URL: s.url, Dir: dir})
	r.Expect("team/app-00")
	hash := s.files(100)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrUnavailable) {
		t.Errorf("fetch: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*", "[cf]*-*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", left, err)
	}
	s.refuses.Store(false)
	content(t, fetch(t, r, hash), "team/app-00", "0.yaml")
}

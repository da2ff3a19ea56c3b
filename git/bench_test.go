package git_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// grown is a repository of 2,000 files in 50 folders, in one pack.
func grown(b *testing.B) repo {
	work := newRepo(b)
	for i := range 2000 {
		work.write(fmt.Sprintf("folder-%02d/%04d.yaml", i%50, i), fmt.Sprintf("number: %d\n", i))
	}
	work.commit("a.yaml", "a: 0\n")
	work.run("repack", "-adq")
	return work
}

func BenchmarkFetchOfAFolderThatHasNotMoved(b *testing.B) {
	work := grown(b)
	r := open(b, work.dir)
	for _, packed := range []string{"loose", "packed"} {
		b.Run(packed, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Fetch(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		work.run("pack-refs", "--all")
	}
}

// BenchmarkFetchOfANewCommit switches between two commits of a folder, and reads the 40 files of one of its folders.
func BenchmarkFetchOfANewCommit(b *testing.B) {
	work := grown(b)
	commits := []string{work.commit("folder-07/0007.yaml", "a: 1\n"), work.commit("folder-07/0007.yaml", "a: 2\n")}
	r := open(b, work.dir)
	for i := 0; b.Loop(); i++ {
		work.write(".git/refs/heads/main", commits[i%2]+"\n")
		s, err := r.Fetch(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Files("folder-07"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFetchOfARemoteThatHasNotMoved(b *testing.B) {
	s := newServer(b)
	hash := s.push("a.yaml", "a: 1\n")
	r := open(b, s.url)
	for b.Loop() {
		fetch(b, r, hash)
	}
}

// BenchmarkFetchOfAPush times the fetch of one commit, in a repository of 10,000 files and 1,000 commits, beside git's own
// fetch of it, in the same round. The peak is of the whole process, the clone left out.
func BenchmarkFetchOfAPush(b *testing.B) {
	s := newServer(b)
	s.importHistory(10_000, 1000)
	s.run("push", "-q", "origin", "main")
	s.run("reset", "-q", "--hard", "main")
	r := openWith(b, git.Options{URL: s.url, Dir: b.TempDir()})
	fetch(b, r, s.run("rev-parse", "main"))
	clone := newRepo(b, "--bare")
	clone.run("fetch", "-q", "--depth=1", s.url, "main")
	runtime.GC()
	forgetPeak(b)
	var ours, theirs stopwatch
	for i := 0; b.Loop(); i++ {
		hash := s.push("folder-07/0007.yaml", fmt.Sprintf("a: %d\n", i))
		ours.time(func() { fetch(b, r, hash) })
		theirs.time(func() { clone.run("fetch", "-q", "--depth=1", s.url, "main") })
	}
	b.ReportMetric(ours.mean(), "ms/fetch")
	b.ReportMetric(theirs.mean(), "ms/git-fetch")
	b.ReportMetric(ours.mean()/theirs.mean(), "ratio")
	b.ReportMetric(peak(b), "MiB-peak")
}

// importHistory commits files of different contents in 100 folders, and then changes one of them with each commit.
func (r repo) importHistory(files, commits int) {
	r.t.Helper()
	var stream strings.Builder
	for i := range commits {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ben <b@example.com> %d +0000\ndata 1\nx\n", i+1)
		from, to := i%files, i%files+1
		if i == 0 {
			from, to = 0, files
		}
		for n := from; n < to; n++ {
			text := fmt.Sprintf("number: %d\ncommit: %d\n", n, i)
			fmt.Fprintf(&stream, "M 100644 inline folder-%02d/%04d.yaml\ndata %d\n%s\n", n%100, n, len(text), text)
		}
	}
	r.fastImport(stream.String())
}

// forgetPeak begins the process's peak of memory anew, where the system can.
func forgetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil && runtime.GOOS == "linux" {
		b.Log(err)
	}
}

// peak returns the most memory that the process had since, in MiB; 0 where the system does not tell.
func peak(b *testing.B) float64 {
	b.Helper()
	text, _ := os.ReadFile("/proc/self/status")
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	var kib float64
	_, _ = fmt.Sscan(line, &kib)
	return kib / 1024
}

// BenchmarkFetchWithCredentialsOfARemoteThatHasNotMoved is what a look at a resting repository costs, with the real server's part in it.
func BenchmarkFetchWithCredentialsOfARemoteThatHasNotMoved(b *testing.B) {
	a := newAuthority(b)
	tls, url := guarded(b, a, func() string { return "Bearer t0ken-secret" })
	tls.push("a.yaml", "a: 1\n")
	ssh := newSecure(b)
	ssh.push("a.yaml", "a: 1\n")
	for name, o := range map[string]git.Options{
		"https": {URL: url, Credentials: credentials{"ca.crt": a.pem, "token": "t0ken-secret"}.folder(b)},
		"ssh":   {URL: ssh.url, Credentials: ssh.credentials.folder(b)},
	} {
		o.Dir = b.TempDir()
		r := openWith(b, o)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Fetch(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFirstCopyOfOneFolderOfManyFiles times the first copy of a repository of 100,000 files, of which one folder of 100 is
// read, beside git's own way to have that, in the same round; and the bytes on the wire, of which a copy of all is the last.
func BenchmarkFirstCopyOfOneFolderOfManyFiles(b *testing.B) {
	s := newPartsServer(b)
	hash := s.deep(100_000)
	const folder = "team-7/app-07"
	var ours, theirs, all stopwatch
	var oursBytes, theirsBytes, allBytes int64
	for b.Loop() {
		s.bytes.Store(0)
		ours.time(func() { content(b, fetch(b, s.expecting(folder), hash), folder, "0.yaml") })
		oursBytes = s.bytes.Swap(0)
		all.time(func() { content(b, fetch(b, s.expecting(), hash), folder, "0.yaml") })
		allBytes = s.bytes.Swap(0)
		clone := newRepo(b)
		theirs.time(func() {
			clone.run("clone", "-q", "--depth=1", "--filter=blob:none", "--sparse", s.url, "clone")
			clone.run("-C", "clone", "sparse-checkout", "set", folder)
		})
		theirsBytes = s.bytes.Swap(0)
	}
	b.ReportMetric(ours.mean(), "ms/copy")
	b.ReportMetric(theirs.mean(), "ms/git-sparse-clone")
	b.ReportMetric(all.mean(), "ms/copy-of-all")
	b.ReportMetric(ours.mean()/theirs.mean(), "ratio")
	b.ReportMetric(float64(oursBytes)/1024, "KiB")
	b.ReportMetric(float64(theirsBytes)/1024, "KiB-git-sparse-clone")
	b.ReportMetric(float64(allBytes)/1024, "KiB-all")
	b.ReportMetric(0, "ns/op")
}

// deep has the server hold so many files of about 500 bytes, 100 in a folder and 100 folders in one.
func (s *partsServer) deep(files int) string {
	s.t.Helper()
	var changes strings.Builder
	for i := range files {
		inline(&changes, fmt.Sprintf("team-%d/app-%02d/%d.yaml", i/10_000, i/100%100, i%100), fmt.Sprintf("number: %d\n%s\n", i, noise(500)))
	}
	return s.change(changes.String())
}

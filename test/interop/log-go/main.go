// Command log-go verifies a published Countersign log with the Go project's own note and Merkle tree packages.
// It shares no code with Countersign: golang.org/x/mod/sumdb/note opens the checkpoint, sumdb/tlog
// authenticates every tile against its root. Only the file layout of C2SP tlog-tiles and the signed message of
// C2SP tlog-cosignature are read here.
//
// Usage: log-go DIRECTORY VKEY [COSIGNER_VKEY...]
// Every cosigner named must have cosigned the checkpoint.
// Exits 0 and prints "ok SIZE"; 1 and prints "entry INDEX ..." for the first that differs; 2 for any other fault.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// path names a tile as C2SP tlog-tiles does: tile/LEVEL/N[.p/W].
func path(level string, n int64, w int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if w < width {
		name += fmt.Sprintf(".p/%d", w)
	}
	return filepath.Join("tile", level, name)
}

type reader struct{ dir string }

func (r reader) Height() int { return height }

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		if tile.H != height || tile.L < 0 {
			return nil, errors.New("a tile of another shape was asked for")
		}
		data, err := os.ReadFile(filepath.Join(r.dir, path(fmt.Sprint(tile.L), tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// split reads a bundle: entries with a 16-bit length before each.
func split(bundle []byte) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return entries, errors.New("cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	return entries, nil
}

// cosigner verifies cosignature/v1 lines (signature type 0x04), which sumdb/note itself does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string { return c.name }

func (c cosigner) KeyHash() uint32 { return c.hash }

func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, errors.New("not the vkey of a cosigner")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return cosigner{}, errors.New("not the vkey of an Ed25519 cosigner")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return cosigner{}, errors.New("the id of the cosigner is not that of its key")
	}
	return cosigner{parts[0], hash, key[1:]}, nil
}

func open(dir, vkey string, cosigners []string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	known := []note.Verifier{verifier}
	for _, each := range cosigners {
		by, err := newCosigner(each)
		if err != nil {
			return tlog.Tree{}, err
		}
		known = append(known, by)
	}
	opened, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return tlog.Tree{}, err
	}
	for _, by := range known {
		if !signedBy(opened, by) {
			return tlog.Tree{}, fmt.Errorf("not signed by %s", by.Name())
		}
	}
	lines := bytes.SplitN([]byte(opened.Text), []byte("\n"), 2)
	if len(lines) != 2 || string(lines[0]) != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is of another log")
	}
	// The same three lines, but Go's first one is a constant where C2SP has the origin.
	return tlog.ParseTree(append([]byte("go.sum database tree\n"), lines[1]...))
}

func signedBy(opened *note.Note, by note.Verifier) bool {
	for _, sig := range opened.Sigs {
		if sig.Name == by.Name() && sig.Hash == by.KeyHash() {
			return true
		}
	}
	return false
}

// store keeps every hash of the tree that the entries themselves give.
type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

// verify compares every entry with the published tiles and the root that the entries give with the signed one.
// The second is needed as well: in x/mod of Debian 12, TileHashReader does not authenticate as many of the tiles
// asked for as the right edge of the tree has subtrees that share a tile.
// It returns the index of the first entry that differs, or -1 when no single entry is to blame.
func verify(dir string, tree tlog.Tree) (int64, error) {
	hashes := tlog.TileHashReader(tree, reader{dir})
	differs := int64(-1)
	var own store
	for first := int64(0); first < tree.N; first += width {
		w := int64(width)
		if tree.N-first < w {
			w = tree.N - first
		}
		bundle, err := os.ReadFile(filepath.Join(dir, path("entries", first/width, int(w))))
		if err != nil {
			return first, err
		}
		indexes := make([]int64, w)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		want, err := hashes.ReadHashes(indexes)
		if err != nil {
			return -1, err
		}
		entries, fault := split(bundle)
		for i, hash := range want {
			index := first + int64(i)
			if i >= len(entries) {
				return index, errors.New("is missing")
			}
			if tlog.RecordHash(entries[i]) != hash && differs < 0 {
				differs = index
			}
			more, err := tlog.StoredHashes(index, entries[i], own)
			if err != nil {
				return -1, err
			}
			own = append(own, more...)
		}
		if fault != nil || int64(len(entries)) != w {
			return -1, errors.New("a bundle has more than its entries")
		}
	}
	root, err := tlog.TreeHash(tree.N, own)
	if err != nil {
		return -1, err
	}
	if root == tree.Hash && differs >= 0 {
		return -1, fmt.Errorf("the tile of entry %d is not of this tree", differs)
	}
	if root == tree.Hash {
		return -1, nil
	}
	return differs, errors.New("differs from the tree")
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: log-go DIRECTORY VKEY [COSIGNER_VKEY...]")
		os.Exit(2)
	}
	tree, err := open(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Println("checkpoint:", err)
		os.Exit(2)
	}
	index, err := verify(os.Args[1], tree)
	if err != nil && index >= 0 {
		fmt.Println("entry", index, err)
		os.Exit(1)
	}
	if err != nil {
		fmt.Println("tree:", err)
		os.Exit(2)
	}
	fmt.Println("ok", tree.N)
}

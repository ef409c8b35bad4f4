#!/bin/sh
# Proof that the checker can fail: builds the engine with one fault after
# another and demands that the simulator finds it, by the invariant that
# the fault breaks.  Run from the top of the tree; the names of single
# faults may be given.
#
# fault, invariants one of which must break, and how to run.
set -u

faults='
feasibility	I1|I2|I3	--seeds 1-20
install-order	I1	--seeds 1-20
hold	I1	--seeds 1-40
distance	I3	--seeds 1-20
starvation	I5	--seeds 1-20
hello	I6	--seeds 1-20
leak	I7	--seeds 1-20
order	I8	--seeds 1-5 --twice
selection	I4	--seeds 1-20
'
make=${MAKE:-make}
wanted=" $* "
failed=0
count=0

while read -r name invariants options; do
	[ -n "$name" ] || continue
	case "$wanted" in
	"  " | *" $name "*) ;;
	*) continue ;;
	esac
	count=$((count + 1))
	out=build/broken-$name
	if ! $make -s CONFIG="broken-$name" "$out/sim"; then
		echo "not ok - $name: does not build"
		failed=$((failed + 1))
		continue
	fi
	# The first seed that fails is enough.
	found=$("$out/sim" --no-shrink --first-failure $options |
	    sed -n 's/^  FAILED //p' | head -n 1)
	if echo "$found" | grep -Eq "^($invariants) "; then
		echo "ok - $name: $found"
	else
		echo "not ok - $name: wanted $invariants, got: ${found:-nothing}"
		failed=$((failed + 1))
	fi
done <<EOF
$faults
EOF

echo "$count broken engines, $failed not caught"
[ "$failed" -eq 0 ] && [ "$count" -gt 0 ]

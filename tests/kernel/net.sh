# SPDX-License-Identifier: GPL-3.0-or-later
# In the guest: two namespaces, each joined to this one by veth.
#   a: a0 10.1.0.2 fd01::2 -- r0 .1  [here]  r1 .1 -- b0 10.2.0.2 fd02::2 :b
ip netns add a
ip netns add b
ip link add r0 type veth peer name a0 netns a
ip link add r1 type veth peer name b0 netns b
ip addr add 10.1.0.1/24 dev r0
ip addr add fd01::1/64 dev r0 nodad
ip addr add 10.2.0.1/24 dev r1
ip addr add fd02::1/64 dev r1 nodad
ip link set r0 up
ip link set r1 up
for n in a:1:0 b:2:1; do
	ns=${n%%:*} net=${n#*:}
	net=${net%:*}
	ip -n "$ns" link set lo up
	ip -n "$ns" addr add "10.$net.0.2/24" dev "${ns}0"
	ip -n "$ns" addr add "fd0$net::2/64" dev "${ns}0" nodad
	ip -n "$ns" link set "${ns}0" up
	ip -n "$ns" route add default via "10.$net.0.1"
done
# No address resolution in the middle of a test or a measurement.
mac() {
	ip ${2:+-n "$2"} -o link show "$1" | sed 's/.*ether \([0-9a-f:]*\).*/\1/'
}
neighbour() { # ADDRESS DEVICE NAMESPACE OTHER-DEVICE OTHER-NAMESPACE
	ip ${3:+-n "$3"} neigh replace "$1" lladdr "$(mac "$4" "$5")" dev "$2" nud permanent
}
for n in 1:0:a 2:1:b; do
	net=${n%%:*} ns=${n##*:} i=${n#*:}
	i=${i%:*}
	neighbour "10.$net.0.2" "r$i" '' "${ns}0" "$ns"
	neighbour "fd0$net::2" "r$i" '' "${ns}0" "$ns"
	neighbour "10.$net.0.1" "${ns}0" "$ns" "r$i" ''
	neighbour "fd0$net::1" "${ns}0" "$ns" "r$i" ''
done
